/** Opens the cluster for a verb, and closes it however the verb ends. */
import { openCluster, type Cluster, type ClusterConfig, type ServiceGroups } from '@astrolabe/operations';
import { createLogger, type LogLevel } from '@astrolabe/service-kit';
import type { CommandContext } from './command-context.ts';
import type { LagConfig } from './config.ts';
import { withWaitNote } from './wait-note.ts';

export interface ClusterOptions {
  /** Default `cli`. */
  readonly clientName?: string;
  readonly partitions?: number;
}

export async function withCluster<T>(
  context: Pick<CommandContext, 'note' | 'signal'>,
  config: ClusterConfig & { readonly logLevel: LogLevel },
  use: (cluster: Cluster) => Promise<T>,
  { clientName = 'cli', partitions }: ClusterOptions = {},
): Promise<T> {
  const logger = createLogger({ name: 'astrolabe', level: config.logLevel });
  const opening = openCluster({
    config,
    logger,
    clientName,
    signal: context.signal,
    ...(partitions === undefined ? {} : { partitions }),
  });
  const cluster = await withWaitNote(context, `the brokers ${config.kafkaBrokers.join(', ')}`, opening);
  try {
    return await use(cluster);
  } finally {
    await cluster.close();
  }
}

/** Names of the services' consumer groups, prefix included. */
export function groupsOf({
  kafkaTopicPrefix,
  mapperGroupId,
  dispatcherGroupId,
}: Omit<LagConfig, 'logLevel'>): ServiceGroups {
  return { mapper: kafkaTopicPrefix + mapperGroupId, dispatcher: kafkaTopicPrefix + dispatcherGroupId };
}
