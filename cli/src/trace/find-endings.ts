/** The ledger's entries of traced commands, and what those without one wait for. */
import { createKafkaChangelog, findDeliveries, type Delivery } from '@astrolabe/ledger';
import type { Cluster } from '../cluster.ts';
import type { DescribedRecord } from '../tail/describe-record.ts';
import { waitingOf, type CommandPlace, type Waiting } from './command-ending.ts';

export interface Endings {
  /** With the partition of their command. */
  readonly deliveries: readonly (Delivery & { readonly partition: number })[];
  readonly waiting: readonly Waiting[];
}

/** An answer may be stored "before" its command, by another machine's clock. */
const SLACK_MS = 60_000;

/** Reads the ledger of the commands' partitions, from the oldest of them on. */
export async function findEndings(
  { admin, reader, topics }: Cluster,
  dispatcherGroupId: string,
  stations: readonly DescribedRecord[],
  signal: AbortSignal,
): Promise<Endings> {
  const commands = stations.filter(({ role, commandId }) => role === 'command' && commandId !== undefined);
  if (commands.length === 0) return { deliveries: [], waiting: [] };
  const changelog = createKafkaChangelog({
    topic: topics.deliveries.name,
    producer: { send: () => Promise.reject(new Error('the ledger is only read here')) },
    reader,
    admin,
  });
  // Before the ledger: a command that ends meanwhile has its entry, and does not seem to wait.
  const commits = await admin.commits(dispatcherGroupId, topics.commands.name);
  const byPartition = [...Map.groupBy(commands, ({ partition }) => partition)];
  const endings = await Promise.all(
    byPartition.map(async ([partition, records]): Promise<Endings> => {
      const places = records.map(({ commandId = '', connectorId = '', offset }): CommandPlace => {
        return { commandId, connectorId, partition, offset };
      });
      const found = await findDeliveries({
        changelog,
        partition,
        commandIds: places.map(({ commandId }) => commandId),
        afterMs: Math.max(0, Math.min(...records.map(({ timestampMs }) => timestampMs)) - SLACK_MS),
        signal,
      });
      return {
        deliveries: [...found.values()].flat().map((delivery) => ({ ...delivery, partition })),
        waiting: places
          .map((place) => waitingOf(place, found.get(place.commandId) ?? [], commits.get(partition)))
          .filter((waiting) => waiting !== undefined),
      };
    }),
  );
  return {
    deliveries: endings.flatMap(({ deliveries }) => deliveries),
    waiting: endings.flatMap(({ waiting }) => waiting),
  };
}
