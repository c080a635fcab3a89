/** The connectors file as operations read and write it: its keys need not be known here. */
import { createHash } from 'node:crypto';
import {
  parseConnectorsFile,
  readTextFile,
  replaceConnectorsFile,
  resolveKeyFile,
  type ConnectorsFile,
  type ConnectorsProblem,
  type Environment,
  type KeySource,
} from '@astrolabe/service-kit';
import { PipelineError, errorMessage } from '@astrolabe/service-kit/errors';

export type DescribedConnector = ConnectorsFile['connectors'][number];

export interface ConnectorsDocument {
  readonly path: string;
  /** Undefined where there is no file yet. */
  readonly text: string | undefined;
  readonly connectors: readonly DescribedConnector[];
}

/** Rejects with `connectors.invalid` for a file that is not in its format: it is never edited. */
export async function openConnectorsDocument(path: string): Promise<ConnectorsDocument> {
  let text: string;
  try {
    text = await readTextFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { path, text: undefined, connectors: [] };
    throw invalid(path, [{ place: '', message: `cannot be read: ${errorMessage(error)}` }]);
  }
  return { path, text, connectors: readConnectors(path, text) };
}

/** Replaces the document's text, after the same checks. */
export async function saveConnectorsDocument({ path, text: before }: ConnectorsDocument, text: string): Promise<void> {
  readConnectors(path, text);
  await replaceConnectorsFile(path, before, text);
}

export interface FoundConnector {
  readonly kind: 'found';
  /** The file has it, so it has text. */
  readonly text: string;
  readonly index: number;
  readonly connector: DescribedConnector;
}

export interface UnknownConnector {
  readonly kind: 'unknown-connector';
  readonly path: string;
  readonly id: string;
  /** Ids of those that are there. */
  readonly known: readonly string[];
}

export function findConnector(
  { path, text, connectors }: ConnectorsDocument,
  id: string,
): FoundConnector | UnknownConnector {
  const index = connectors.findIndex((connector) => connector.id === id);
  const connector = connectors[index];
  if (connector !== undefined && text !== undefined) return { kind: 'found', text, index, connector };
  return { kind: 'unknown-connector', path, id, known: connectors.map((each) => each.id) };
}

export type ResolvedKey =
  | { readonly kind: 'key'; readonly key: string; readonly fingerprint: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** A key as this process sees it: a variable of the services' environment may not be set in an operator's shell. */
export async function resolveKey(path: string, source: KeySource, env: Environment): Promise<ResolvedKey> {
  if (typeof source === 'string') return known(source);
  if ('env' in source) {
    const key = env[source.env];
    return key === undefined || key === '' ? { kind: 'unknown', reason: `${source.env} is not set here` } : known(key);
  }
  try {
    return known((await readTextFile(resolveKeyFile(path, source.file))).replace(/[\r\n]+$/, ''));
  } catch (error) {
    return { kind: 'unknown', reason: errorMessage(error) };
  }
}

/** Tells keys apart without showing them: the first 8 hexadecimal digits of SHA-256. */
export function fingerprintOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 8);
}

function known(key: string): ResolvedKey {
  return { kind: 'key', key, fingerprint: fingerprintOf(key) };
}

/** Checks what `loadConnectors` checks, as far as that is possible without the keys. */
function readConnectors(path: string, text: string): readonly DescribedConnector[] {
  const parsed = parseConnectorsFile(text);
  if (parsed.kind === 'invalid') throw invalid(path, parsed.problems);
  const problems: ConnectorsProblem[] = [];
  const seen = new Set<string>();
  const claim = (value: string, place: string, what: string): void => {
    if (seen.has(`${what} ${value}`)) problems.push({ place, message: `${what} is used twice` });
    seen.add(`${what} ${value}`);
  };
  for (const [index, { id, apiKey, writeKeys }] of parsed.file.connectors.entries()) {
    claim(id, `connectors[${index}].id`, 'the id');
    for (const key of [apiKey, ...writeKeys]) claim(JSON.stringify(key), `connectors[${index}]`, 'a key');
  }
  if (problems.length > 0) throw invalid(path, problems);
  return parsed.file.connectors;
}

function invalid(path: string, problems: readonly ConnectorsProblem[]): PipelineError {
  const lines = problems.map(({ place, message }) => `  ${place === '' ? 'the file' : place}: ${message}`);
  const message = [`connectors file ${path} cannot be used, so nothing was changed:`, ...lines].join('\n');
  return new PipelineError('connectors.invalid', message, { retryable: false, details: { path, problems } });
}
