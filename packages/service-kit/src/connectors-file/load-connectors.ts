import { readTextFile } from './connector-files.ts';
import type { ConnectorsFile, ConnectorsProblem, KeySource } from './connectors-file.ts';
import {
  readConnectorsSnapshot,
  resolveKeyFile,
  type ConnectorKeys,
  type ConnectorsSnapshot,
} from './connectors-snapshot.ts';
import { createConnectorDirectory, type Connector, type ConnectorDirectory } from '../connectors/connectors.ts';
import { PipelineError } from '../errors/errors.ts';
import type { Environment } from '../config/read-config.ts';

/**
 * Reads a connectors file and the keys it refers to. Paths of keys are relative to the file; line breaks at a key's end
 * are dropped. Rejects with one `connectors.invalid` that lists all problems; `details.problems` has them as
 * `ConnectorsProblem[]`.
 */
export async function loadConnectors(path: string, env: Environment): Promise<ConnectorDirectory> {
  return buildConnectors(await readConnectorsSnapshot(path, readTextFile), env);
}

/**
 * The connectors that a snapshot describes. Throws `connectors.invalid` as `loadConnectors` does. With keys unread no
 * connector has any: its API key is empty, and `byKey` finds nothing.
 */
export function buildConnectors(
  { path, content, parsed, keyFiles }: ConnectorsSnapshot,
  env: Environment,
  keys: ConnectorKeys = 'read',
): ConnectorDirectory {
  if (content.kind === 'unreadable' || parsed === undefined) {
    const reason = content.kind === 'unreadable' ? content.reason : 'not read';
    const message = `cannot be read: ${reason}; set CONNECTORS_FILE to the path of a connectors file`;
    throw invalid(path, [{ place: '', message }]);
  }
  if (parsed.kind === 'invalid') throw invalid(path, parsed.problems);

  const problems: ConnectorsProblem[] = [];
  const report = (place: string, message: string) => void problems.push({ place, message });

  const readKey = (source: KeySource, place: string, format = KEY, rule = KEY_RULE): string => {
    const key = lookUp(source);
    if (key.kind === 'missing') {
      report(place, key.reason);
      return '';
    }
    if (!format.test(key.text)) report(place, rule);
    return key.text;
  };

  const lookUp = (source: KeySource): { kind: 'key'; text: string } | { kind: 'missing'; reason: string } => {
    if (typeof source === 'string') return { kind: 'key', text: source };
    if ('env' in source) {
      const text = env[source.env];
      if (text === undefined || text === '') {
        return { kind: 'missing', reason: `environment variable ${source.env} is not set` };
      }
      return { kind: 'key', text };
    }
    const file = keyFiles.get(resolveKeyFile(path, source.file));
    if (file?.kind !== 'text') return { kind: 'missing', reason: file?.reason ?? `${source.file} was not read` };
    return { kind: 'key', text: file.text.replace(/[\r\n]+$/, '') };
  };

  const buildConnector = (described: ConnectorsFile['connectors'][number], place: string): Connector => {
    const { id, name, apiKey, writeKeys, webhookSecret, freeEmailProviders, enabled, rateLimit } = described;
    const { allowedEmailDomains, deniedEmailDomains, delivery } = described;
    return Object.freeze({
      id,
      name,
      apiKey: keys === 'unread' ? '' : readKey(apiKey, `${place}.apiKey`),
      writeKeys: keys === 'unread' ? [] : writeKeys.map((key, at) => readKey(key, `${place}.writeKeys[${at}]`)),
      ...(webhookSecret !== undefined &&
        keys === 'read' && {
          webhookSecret: readKey(webhookSecret, `${place}.webhookSecret`, SECRET, SECRET_RULE),
        }),
      freeEmailProviders,
      ...(allowedEmailDomains !== undefined && { allowedEmailDomains: Object.freeze(allowedEmailDomains) }),
      ...(deniedEmailDomains !== undefined && { deniedEmailDomains: Object.freeze(deniedEmailDomains) }),
      enabled,
      ...(rateLimit !== undefined && { rateLimit: Object.freeze(rateLimit) }),
      ...(delivery !== undefined && { delivery: Object.freeze(delivery) }),
    });
  };

  const connectors = parsed.file.connectors.map((described, index) =>
    buildConnector(described, `connectors[${index}]`),
  );
  reportRepetitions(connectors, report);
  reportContradictions(connectors, report);
  if (problems.length > 0) throw invalid(path, problems);
  return createConnectorDirectory(connectors);
}

/** A key is also the user name of Basic authentication, which ends at a colon: https://www.rfc-editor.org/rfc/rfc7617 */
const KEY = /^[\x21-\x39\x3b-\x7e]+$/;
const KEY_RULE = 'a key is printable ASCII without blanks and colons';
/** A secret is never sent, only used to sign, so any text that Segment's field accepts is valid. */
const SECRET = /^\P{Cc}+$/u;
const SECRET_RULE = 'a secret is not empty and has no control characters';

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

function reportContradictions(
  connectors: readonly Connector[],
  report: (place: string, message: string) => void,
): void {
  for (const [index, { allowedEmailDomains = [], deniedEmailDomains = [] }] of connectors.entries()) {
    for (const [at, domain] of deniedEmailDomains.entries()) {
      const allowedAt = allowedEmailDomains.indexOf(domain);
      if (allowedAt === -1) continue;
      const place = `connectors[${index}]`;
      report(
        `${place}.deniedEmailDomains[${at}]`,
        `the domain is that of ${place}.allowedEmailDomains[${allowedAt}]; it is allowed or denied`,
      );
    }
  }
}

function invalid(path: string, problems: readonly ConnectorsProblem[]): PipelineError {
  const lines = problems.map(({ place, message }) => `  ${place === '' ? 'the file' : place}: ${message}`);
  const message = [`connectors file ${path} cannot be used:`, ...lines].join('\n');
  return new PipelineError('connectors.invalid', message, { retryable: false, details: { path, problems } });
}
