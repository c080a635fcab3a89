/**
 * The reference API accepts the keys that come into the connectors file while it runs: what an operator does at
 * Astrolabe for a connector that was added, or whose key was rotated.
 */
import { createLogger, createMetrics, openConnectorSource, type Environment } from '@astrolabe/service-kit';

export interface AcceptNewKeysOptions {
  readonly connectorsFile: string;
  /** The variables that key references may name. */
  readonly env: Environment;
  /** Base URL of the reference API, which serves its control routes. */
  readonly apiUrl: () => string;
}

const TIMEOUT_MS = 10_000;

/**
 * Follows the file until it is closed. A key that has left the file is accepted still: calls with it may be under way,
 * and a sender's events wait for no operator here.
 */
export async function acceptNewKeys(options: AcceptNewKeysOptions): Promise<{ close(): Promise<void> }> {
  const { connectorsFile: path, env, apiUrl } = options;
  const source = await openConnectorSource({
    path,
    env,
    logger: createLogger({ name: 'local', level: 'silent' }),
    metrics: createMetrics({ service: 'local' }),
  });
  /** The connector of each key. */
  const accepted = new Map<string, string>();
  const note = (): void => {
    for (const { id, apiKey } of source.current().all()) accepted.set(apiKey, id);
  };
  note();
  // One after the other: the last to arrive decides.
  let told = Promise.resolve();
  source.onChange(() => {
    note();
    const apiKeys = [...accepted].map(([key, connector]) => ({ connector, key }));
    told = told.then(() => replaceKeys(apiUrl(), apiKeys));
  });
  return {
    close: async () => {
      await source.close();
      await told;
    },
  };
}

/** An API that is away is told of by its own end; with its next life it has the keys of its start. */
async function replaceKeys(url: string, apiKeys: readonly object[]): Promise<void> {
  await fetch(`${url}/__reference/api-keys`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ apiKeys }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => undefined);
}
