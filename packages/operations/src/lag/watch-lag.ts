/** How far each service is behind, and when it will have caught up. */
import type { HoldingTransaction } from '@astrolabe/kafka';
import { isOver } from '@astrolabe/replay';
import type { Cluster, OperationRun } from '../cluster/cluster.ts';
import { readingsOf, type Reading, type ServiceGroups } from '../cluster/service-readings.ts';
import { partitionLag, sumLag, type LagSample, type PartitionLag, type TotalLag } from './core/partition-lag.ts';
import { listReplays, type ListedReplay } from '../replay/list-replays.ts';
import { ReplayBoard } from '../replay/replay-board.ts';
import { findRecreated, type RecreatedPosition } from './find-recreated.ts';
import { readUnread, sampleLag } from './measure-lag.ts';

export interface LagOptions extends OperationRun {
  readonly cluster: Cluster;
  readonly groups: ServiceGroups;
  /** Rates are measured over this. */
  readonly intervalMs: number;
  /** Reads more of each partition, so that the shares of its connectors are exact for longer. */
  readonly byConnector: boolean;
}

export interface ServiceLag extends Reading {
  readonly partitions: readonly PartitionLag[];
  readonly total: TotalLag;
  /** Transactions that keep records from the service. */
  readonly held: readonly HoldingTransaction[];
  /** Positions that belong to an earlier topic of that name. */
  readonly recreated: readonly RecreatedPosition[];
}

export interface LagSnapshot {
  readonly atMs: number;
  readonly services: readonly ServiceLag[];
  /** Those that are not over: what they still have to read is not lag. */
  readonly replays: readonly ListedReplay[];
}

/** Offsets of a partition that are read for ages and connectors; the rest is estimated from them. */
const SAMPLE_OFFSETS = 500;
export const CONNECTOR_SAMPLE_OFFSETS = 20_000;

/** A snapshot after each interval, without end: the caller stops asking, or the signal aborts. */
export async function* watchLag(options: LagOptions): AsyncGenerator<LagSnapshot, never> {
  const { cluster, groups, clock, signal, intervalMs } = options;
  const readings = readingsOf(cluster.topics, groups);
  const board = new ReplayBoard(cluster);
  const sampleAll = (): Promise<readonly ReadonlyMap<number, LagSample>[]> =>
    Promise.all(readings.map((reading) => sampleLag(cluster, reading, () => clock.nowMs())));
  let earlier = await sampleAll();
  for (;;) {
    await clock.sleep(intervalMs, signal);
    const samples = await sampleAll();
    const services: ServiceLag[] = [];
    for (const [index, reading] of readings.entries()) {
      services.push(await serviceLag(options, reading, samples[index] ?? new Map(), earlier[index] ?? new Map()));
    }
    earlier = samples;
    const { replays } = await listReplays(cluster, signal, board);
    const open = replays.filter(({ phase }) => !isOver(phase));
    yield { atMs: clock.nowMs(), services, replays: open };
  }
}

async function serviceLag(
  { cluster, byConnector, signal }: LagOptions,
  reading: Reading,
  samples: ReadonlyMap<number, LagSample>,
  earlier: ReadonlyMap<number, LagSample>,
): Promise<ServiceLag> {
  const limit = byConnector ? CONNECTOR_SAMPLE_OFFSETS : SAMPLE_OFFSETS;
  const partitions = await Promise.all(
    [...samples].map(async ([partition, sample]) => {
      const unread = await readUnread(cluster, reading, partition, sample, limit, signal);
      return partitionLag(partition, sample, unread, earlier.get(partition));
    }),
  );
  const held = partitions.flatMap(({ partition, heldFrom: fromOffset }) =>
    fromOffset === undefined ? [] : [{ topic: reading.topic, partition, fromOffset }],
  );
  return {
    ...reading,
    partitions,
    held: await cluster.findHoldingTransactions(held),
    recreated: await findRecreated(cluster, reading, signal),
    total: sumLag(partitions),
  };
}
