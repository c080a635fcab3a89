/** The keys of a connectors file, as it is now: what an operator does at Astrolabe for a connector that is added. */
import { createMetrics, openConnectorSource, type Environment, type Logger } from '@astrolabe/service-kit';
import type { ApiKey } from './http/api-keys.ts';

export interface FollowConnectorsOptions {
  readonly path: string;
  /** The variables that key references may name. */
  readonly env: Environment;
  readonly logger: Logger;
  /** Accepted whatever the file holds. */
  readonly apiKeys: readonly ApiKey[];
  /** Called before this resolves, and at each change of the file: every key so far. */
  readonly onKeys: (apiKeys: readonly ApiKey[]) => void;
}

/**
 * A key that has left the file is accepted still: calls with it may be under way, and a sender's events wait for no
 * operator here. Rejects with `connectors.invalid` where the file is bad at first.
 */
export async function followConnectors(options: FollowConnectorsOptions): Promise<{ close(): Promise<void> }> {
  const { path, env, logger, apiKeys, onKeys } = options;
  const source = await openConnectorSource({
    path,
    env,
    logger,
    metrics: createMetrics({ service: 'reference-api' }),
  });
  /** The connector of each key. */
  const accepted = new Map(apiKeys.map(({ key, connector }) => [key, connector]));
  const accept = (): void => {
    for (const { id, apiKey } of source.current().all()) accepted.set(apiKey, id);
    onKeys([...accepted].map(([key, connector]) => ({ connector, key })));
  };
  accept();
  source.onChange(accept);
  return { close: () => source.close() };
}
