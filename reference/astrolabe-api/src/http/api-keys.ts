import { hash } from 'node:crypto';

/** An API key and the connector it belongs to. A connector may have several; its id names its workspace. */
export interface ApiKey {
  readonly connector: string;
  readonly key: string;
}

/** Connector of a request's `Authorization` header, or undefined if the key is missing or unknown. */
export type Authenticate = (authorization: string | undefined) => string | undefined;

const BEARER = /^Bearer +([\x21-\x7e]+) *$/i;

/** Throws if one key is given to two connectors. */
export function createAuthenticate(apiKeys: readonly ApiKey[]): Authenticate {
  const connectors = new Map<string, string>();
  for (const { connector, key } of apiKeys) {
    const digest = digestOf(key);
    if (connectors.has(digest)) throw new Error(`the API key of ${connector} is also that of another connector`);
    connectors.set(digest, connector);
  }
  return (authorization) => {
    const key = BEARER.exec(authorization ?? '')?.[1];
    // Looking up the digest reveals nothing about the keys by its timing.
    return key === undefined ? undefined : connectors.get(digestOf(key));
  };
}

export function isConnectorId(text: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,62}$/.test(text);
}

export function isKey(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

/** Reads `connector=key,connector=key`. Throws if an entry has another form. */
export function parseApiKeys(text: string): readonly ApiKey[] {
  return text.split(',').map((entry) => {
    const [connector = '', ...rest] = entry.trim().split('=');
    const key = rest.join('=');
    if (isConnectorId(connector) && isKey(key)) return { connector, key };
    throw new Error('expected connector=key, several separated by commas');
  });
}

function digestOf(key: string): string {
  return hash('sha256', key, 'base64');
}
