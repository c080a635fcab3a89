/** What the delivery ledger and the dispatcher's commits say of commands that were found. */
import type { CommittedPosition } from '@astrolabe/kafka';
import { findDeliveries, forcedDeliveryId } from '@astrolabe/ledger';
import type { Cluster } from '../cluster/cluster.ts';
import { readOnlyLedger } from '../cluster/read-only-ledger.ts';
import type { DescribedDelivery } from '../records/described-delivery.ts';
import type { DescribedRecord } from '../records/describe-record.ts';
import { ReplayBoard } from '../replay/replay-board.ts';
import { judgeWait, type CommandWait } from './core/judge-wait.ts';

export interface LedgerEntries {
  readonly deliveries: readonly DescribedDelivery[];
  /** Why a command without a delivery has none yet. */
  readonly waits: ReadonlyMap<DescribedRecord, CommandWait>;
}

/** Clocks of the brokers and the dispatcher are assumed to differ by less. */
const SLACK_MS = 60_000;

/** Reads the ledger's partitions of the commands among `hops`, from the first command on. */
export async function findLedgerEntries(
  cluster: Pick<Cluster, 'admin' | 'reader' | 'topics'>,
  groupId: string,
  hops: readonly DescribedRecord[],
  forcedReplays: readonly string[],
  signal: AbortSignal,
): Promise<LedgerEntries> {
  const commands = hops.filter(({ role, commandId }) => role === 'command' && commandId !== undefined);
  if (commands.length === 0) return { deliveries: [], waits: new Map() };
  const { admin, topics } = cluster;
  const topic = topics.deliveries.name;
  const changelog = readOnlyLedger(cluster);
  const byPartition = [...Map.groupBy(commands, ({ partition }) => partition)];
  const found = await Promise.all(
    byPartition.map(async ([partition, group]) => {
      const afterMs = Math.min(...group.map(({ timestampMs }) => timestampMs)) - SLACK_MS;
      const byId = new Map(group.flatMap((command) => deliveriesOf(command, forcedReplays)));
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
  const waits = new Map<DescribedRecord, CommandWait>();
  for (const [source, waiting] of Map.groupBy(undelivered, (command) => command.topic)) {
    const positions =
      source === topics.replayedCommands.name
        ? await readReplayPositions(cluster, signal)
        : await admin.commits(groupId, topics.commands.name);
    for (const command of waiting) {
      const wait = judgeWait(command, positions.get(command.partition));
      if (wait !== undefined) waits.set(command, wait);
    }
  }
  return { deliveries, waits };
}

/** The dispatcher reads commands of replays without its group. */
async function readReplayPositions(
  cluster: Pick<Cluster, 'reader' | 'topics'>,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, CommittedPosition>> {
  const { replayedCommands } = await new ReplayBoard(cluster).refresh(signal);
  return new Map(
    [...replayedCommands].map(([partition, { nextOffset, topicId }]) => [
      partition,
      { nextOffset, topicId, metadata: '' },
    ]),
  );
}

interface NamedDelivery {
  readonly commandId: string;
  readonly forcedId: string | undefined;
}

/** By the ids of the deliveries that it may have: its own, and one for each replay that forced it. */
function deliveriesOf(
  { commandId = '', forcedId }: DescribedRecord,
  forcedReplays: readonly string[],
): (readonly [string, NamedDelivery])[] {
  const forced = new Set([
    ...(forcedId === undefined ? [] : [forcedId]),
    ...forcedReplays.map((replayId) => forcedDeliveryId(replayId, commandId)),
  ]);
  return [
    ...(forcedId === undefined ? [[commandId, { commandId, forcedId: undefined }] as const] : []),
    ...[...forced].map((id) => [id, { commandId, forcedId: id }] as const),
  ];
}

function deliveryIdIn({
  commandId,
  forcedId,
}: Pick<DescribedRecord, 'commandId'> & { readonly forcedId?: string | undefined }): string {
  return forcedId ?? commandId ?? '';
}
