/** What the delivery ledger and the dispatcher's commits say of commands that were found. */
import type { CommittedPosition } from '@astrolabe/kafka';
import { findDeliveries } from '@astrolabe/ledger';
import type { Cluster } from '../cluster.ts';
import { readOnlyLedger } from '../read-only-ledger.ts';
import type { DescribedRecord } from '../tail/describe-record.ts';
import type { DescribedDelivery } from './describe-delivery.ts';
import { judgeWait } from './judge-wait.ts';

export interface LedgerEntries {
  readonly deliveries: readonly DescribedDelivery[];
  /** Why a command without a delivery has none, by its station. */
  readonly waits: ReadonlyMap<DescribedRecord, string>;
}

/** Clocks of brokers and of the dispatcher differ by that much at most. */
const SLACK_MS = 60_000;

/** Reads the ledger's partitions of the commands among `stations`, from the first of them on. */
export async function findLedgerEntries(
  cluster: Cluster,
  groupId: string,
  stations: readonly DescribedRecord[],
  signal: AbortSignal,
): Promise<LedgerEntries> {
  const commands = stations.filter(({ role, commandId }) => role === 'command' && commandId !== undefined);
  if (commands.length === 0) return { deliveries: [], waits: new Map() };
  const { admin, topics } = cluster;
  const topic = topics.deliveries.name;
  const changelog = readOnlyLedger(cluster);
  const byPartition = [...Map.groupBy(commands, ({ partition }) => partition)];
  const found = await Promise.all(
    byPartition.map(async ([partition, those]) => {
      const afterMs = Math.min(...those.map(({ timestampMs }) => timestampMs)) - SLACK_MS;
      // By the id of its delivery, which is another one where a replay forced the command.
      const byId = new Map(those.map((command) => [deliveryIdIn(command), command]));
      const byCommand = await findDeliveries({ changelog, partition, commandIds: byId.keys(), afterMs, signal });
      return [...byCommand.values()].flat().map((delivery) => {
        const { commandId = delivery.commandId, forcedId } = byId.get(delivery.commandId) ?? {};
        return { ...delivery, commandId, forcedId, topic, partition };
      });
    }),
  );
  const deliveries = found.flat();
  const delivered = new Set(deliveries.map(deliveryIdIn));
  const undelivered = commands.filter((command) => !delivered.has(deliveryIdIn(command)));
  const commits =
    undelivered.length === 0
      ? new Map<number, CommittedPosition>()
      : await admin.commits(groupId, topics.commands.name);
  const waits = new Map<DescribedRecord, string>();
  for (const command of undelivered) {
    const wait = judgeWait(command, commits.get(command.partition));
    if (wait !== undefined) waits.set(command, wait);
  }
  return { deliveries, waits };
}

function deliveryIdIn({
  commandId,
  forcedId,
}: Pick<DescribedRecord, 'commandId'> & { readonly forcedId?: string | undefined }): string {
  return forcedId ?? commandId ?? '';
}
