/** Reads the query of a call, every parameter separately, so that a problem names exactly the invalid ones. */
import { buildRequestProblem, type Problem, type RequestDefect } from './problem.ts';

/** The value of a parameter's text, or why it has none. */
export type ParameterReading<Value> = { readonly value: Value } | { readonly detail: string };

export type ParameterReader<Value> = (text: string) => ParameterReading<Value>;

/** An operation's parameters: a reader for each, by name. */
export type QueryReaders = Readonly<Record<string, ParameterReader<unknown>>>;

/** The values of the parameters that were given. */
export type QueryValues<Readers extends QueryReaders> = {
  readonly [Name in keyof Readers]?: Readers[Name] extends ParameterReader<infer Value> ? Value : never;
};

export type QueryReading<Readers extends QueryReaders> =
  | { readonly kind: 'query'; readonly values: QueryValues<Readers> }
  | { readonly kind: 'problem'; readonly problem: Problem };

/** `target` is the request's, with its query. A plus means a space, as in forms. */
export function readQuery<Readers extends QueryReaders>(target: string, readers: Readers): QueryReading<Readers> {
  const values = new Map<string, unknown>();
  const errors: RequestDefect[] = [];
  const seen = new Set<string>();
  for (const [name, text] of parametersOf(target)) {
    const reading = seen.has(name) ? { detail: 'must be given once' } : readOne(readers, name, text);
    seen.add(name);
    if ('value' in reading) values.set(name, reading.value);
    else errors.push({ pointer: name, detail: reading.detail });
  }
  if (errors.length > 0) return { kind: 'problem', problem: buildRequestProblem('invalid-request', errors) };
  return { kind: 'query', values: Object.fromEntries(values) as QueryValues<Readers> };
}

function readOne(readers: QueryReaders, name: string, text: string | undefined): ParameterReading<unknown> {
  const read = Object.hasOwn(readers, name) ? readers[name] : undefined;
  if (read === undefined) return { detail: 'is not known here' };
  return text === undefined ? { detail: 'must be percent-encoded UTF-8' } : read(text);
}

/** Names and texts in their order; a text that cannot be decoded is undefined. */
function parametersOf(target: string): (readonly [name: string, text: string | undefined])[] {
  const start = target.indexOf('?');
  if (start === -1) return [];
  const pairs = target.slice(start + 1).split('&');
  return pairs
    .filter((pair) => pair !== '')
    .map((pair) => {
      const end = pair.includes('=') ? pair.indexOf('=') : pair.length;
      const name = pair.slice(0, end);
      return [decode(name) ?? name, decode(pair.slice(end + 1))];
    });
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
