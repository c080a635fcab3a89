import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { connectorsFile, type ConnectorsFile, type KeySource } from './connectors-file.ts';
import { createConnectorDirectory, type Connector, type ConnectorDirectory } from './connectors.ts';
import { PipelineError, errorMessage } from './errors.ts';
import type { Environment } from './read-config.ts';

/** One thing wrong with the connectors file. Never holds a key. */
export interface ConnectorsProblem {
  /** Place in the file: `connectors[2].apiKey`. Empty for the file as a whole. */
  readonly place: string;
  readonly message: string;
}

/**
 * Reads a connectors file and the keys it refers to. Paths of keys are relative to the file; line breaks at a key's end are
 * dropped. Rejects with one `connectors.invalid` that lists all problems; `details.problems` has them as `ConnectorsProblem[]`.
 */
export async function loadConnectors(path: string, env: Environment): Promise<ConnectorDirectory> {
  const file = parseFile(path, await readText(path));
  const problems: ConnectorsProblem[] = [];
  const report = (place: string, message: string) => void problems.push({ place, message });

  const readKey = async (source: KeySource, place: string): Promise<string> => {
    const key = await resolveKey(source, env, dirname(path)).catch((error: unknown) => {
      report(place, errorMessage(error));
      return undefined;
    });
    if (key !== undefined && !KEY.test(key)) report(place, 'a key is printable ASCII without blanks and colons');
    return key ?? '';
  };

  const connectors: Connector[] = [];
  for (const [index, { apiKey, writeKeys, ...rest }] of file.connectors.entries()) {
    const place = `connectors[${index}]`;
    connectors.push(
      Object.freeze({
        ...rest,
        apiKey: await readKey(apiKey, `${place}.apiKey`),
        writeKeys: await Promise.all(writeKeys.map((key, at) => readKey(key, `${place}.writeKeys[${at}]`))),
      }),
    );
  }
  reportRepetitions(connectors, report);
  if (problems.length > 0) throw invalid(path, problems);
  return createConnectorDirectory(connectors);
}

/** A key is also the user name of Basic authentication, which ends at a colon: https://www.rfc-editor.org/rfc/rfc7617 */
const KEY = /^[\x21-\x39\x3b-\x7e]+$/;

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const message = `cannot be read: ${errorMessage(cause)}; set CONNECTORS_FILE to the path of a connectors file`;
    throw invalid(path, [{ place: '', message }], cause);
  }
}

function parseFile(path: string, text: string): ConnectorsFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    // The parser's own message quotes the file, and what it quotes may be a key: only the position is passed on.
    const position = /line \d+ column \d+/.exec(errorMessage(error))?.[0];
    throw invalid(path, [{ place: '', message: `is not JSON${position ? `: see ${position}` : ''}` }]);
  }
  const result = connectorsFile.safeParse(json);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => ({ place: toPlace(issue.path), message: issue.message }));
  throw invalid(path, problems);
}

async function resolveKey(source: KeySource, env: Environment, folder: string): Promise<string> {
  if (typeof source === 'string') return source;
  if ('env' in source) {
    const key = env[source.env];
    if (key === undefined || key === '') throw new Error(`environment variable ${source.env} is not set`);
    return key;
  }
  return (await readFile(resolve(folder, source.file), 'utf8')).replace(/[\r\n]+$/, '');
}

function reportRepetitions(connectors: readonly Connector[], report: (place: string, message: string) => void): void {
  const placeOfId = new Map<string, string>();
  const placeOfKey = new Map<string, string>();
  const claim = (places: Map<string, string>, value: string, place: string, what: string) => {
    const earlier = places.get(value);
    if (earlier === undefined) places.set(value, place);
    else report(place, `${what} is that of ${earlier}; each is used once`);
  };
  for (const [index, { id, apiKey, writeKeys }] of connectors.entries()) {
    const place = `connectors[${index}]`;
    claim(placeOfId, id, `${place}.id`, 'the id');
    if (apiKey !== '') claim(placeOfKey, apiKey, `${place}.apiKey`, 'the key');
    for (const [at, key] of writeKeys.entries()) {
      if (key !== '') claim(placeOfKey, key, `${place}.writeKeys[${at}]`, 'the key');
    }
  }
}

function toPlace(path: readonly PropertyKey[]): string {
  return path.reduce<string>((place, step) => {
    if (typeof step === 'number') return `${place}[${step}]`;
    return place === '' ? String(step) : `${place}.${String(step)}`;
  }, '');
}

function invalid(path: string, problems: readonly ConnectorsProblem[], cause?: unknown): PipelineError {
  const lines = problems.map(({ place, message }) => `  ${place === '' ? 'the file' : place}: ${message}`);
  const message = [`connectors file ${path} cannot be used:`, ...lines].join('\n');
  return new PipelineError('connectors.invalid', message, { retryable: false, cause, details: { path, problems } });
}
