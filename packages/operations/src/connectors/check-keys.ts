/**
 * Whether Astrolabe accepts a connector's key: one call that reads a page of one user and changes nothing (`listUsers`
 * of the contract).
 */
import { splitUrlCredentials, type Environment } from '@astrolabe/service-kit';
import { errorMessage } from '@astrolabe/service-kit/errors';
import { createFetch, type TlsMaterial } from '@astrolabe/service-kit/tls';
import { findConnector, openConnectorsDocument, resolveKey, type UnknownConnector } from './connectors-document.ts';

export type KeyCheck =
  | { readonly kind: 'accepted' }
  /** 401 or 403: the dispatcher would make the connector's commands wait. */
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'unclear'; readonly reason: string };

const TIMEOUT_MS = 10_000;

/** Where the Astrolabe API is, and how to trust it. */
export interface ApiAddress {
  readonly apiUrl: string;
  readonly apiTls?: TlsMaterial;
}

export async function checkKey(
  { apiUrl, apiTls = {} }: ApiAddress,
  key: string,
  signal: AbortSignal,
): Promise<KeyCheck> {
  try {
    const response = await createFetch(apiTls)(`${splitUrlCredentials(apiUrl).url}/v1/users?limit=1`, {
      headers: { authorization: `Bearer ${key}`, accept: 'application/json' },
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    await response.body?.cancel();
    if (response.status === 200) return { kind: 'accepted' };
    if (response.status === 401 || response.status === 403) return { kind: 'refused', status: response.status };
    return { kind: 'unclear', reason: `the API answered ${response.status}` };
  } catch (error) {
    signal.throwIfAborted();
    const { cause } = error as { cause?: unknown };
    return { kind: 'unclear', reason: errorMessage(cause ?? error) };
  }
}

export interface CheckedConnector {
  readonly id: string;
  readonly check: KeyCheck;
}

export interface CheckConnectorsOptions extends ApiAddress {
  readonly connectorsFile: string;
  /** Undefined: every connector. */
  readonly id: string | undefined;
  /** The variables that key references may name. */
  readonly variables: Environment;
  readonly signal: AbortSignal;
}

export async function checkConnectors({
  connectorsFile,
  id,
  variables,
  signal,
  ...api
}: CheckConnectorsOptions): Promise<
  { readonly kind: 'checked'; readonly connectors: readonly CheckedConnector[] } | UnknownConnector
> {
  const document = await openConnectorsDocument(connectorsFile);
  let chosen = document.connectors;
  if (id !== undefined) {
    const found = findConnector(document, id);
    if (found.kind !== 'found') return found;
    chosen = [found.connector];
  }
  const connectors: CheckedConnector[] = [];
  for (const { id: connectorId, apiKey } of chosen) {
    const key = await resolveKey(document.path, apiKey, variables);
    const check: KeyCheck =
      key.kind === 'key' ? await checkKey(api, key.key, signal) : { kind: 'unclear', reason: key.reason };
    connectors.push({ id: connectorId, check });
  }
  return { kind: 'checked', connectors };
}
