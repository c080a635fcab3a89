/** The owners of the partitions of a replay, as far as a test lets them work: they tell progress. */
import {
  dispatcherProgressRecord,
  mapperProgressRecord,
  noDispatcherCounts,
  noMapperCounts,
  partitionsOf,
  replayedCommandsRecord,
  spansOf,
  type ReplayOrder,
} from '@astrolabe/replay';
import type { InMemoryCluster } from './in-memory-cluster.ts';

export class ReplayOwners {
  readonly #cluster: InMemoryCluster;
  #atMs = 0;

  constructor(cluster: InMemoryCluster) {
    this.#cluster = cluster;
  }

  /** Reads up to `share` of each partition of a replay of commands, and delivers it. */
  async deliver(order: ReplayOrder, share: number): Promise<void> {
    const records = partitionsOf(order).map((partition) => {
      const { nextOffset, read } = this.#reached(order, partition, share);
      const counts = { ...noDispatcherCounts, delivered: read };
      return dispatcherProgressRecord(order.id, partition, { ...this.#cursor(order, nextOffset), counts });
    });
    await this.#write(records);
  }

  /** Maps up to `share` of each partition of a replay of events, a command of each; `ended` of them were delivered. */
  async map(order: ReplayOrder, share: number, ended: number): Promise<void> {
    const records = partitionsOf(order).map((partition) => {
      const { nextOffset, read } = this.#reached(order, partition, share);
      const counts = { ...noMapperCounts, mapped: read };
      return mapperProgressRecord(order.id, partition, { ...this.#cursor(order, nextOffset), counts, commands: read });
    });
    const counts = { ...noDispatcherCounts, delivered: ended };
    const replays = { [order.id]: { gaveWayMs: 0, counts } };
    await this.#write([
      ...records,
      replayedCommandsRecord(0, { nextOffset: BigInt(ended), atMs: this.#atMs, replays }),
    ]);
  }

  #reached(order: ReplayOrder, partition: number, share: number) {
    const [span] = spansOf(order, partition);
    if (span === undefined) throw new Error(`the replay has nothing of partition ${partition}`);
    const read = Math.floor(Number(span.endOffset - span.fromOffset) * share);
    return { nextOffset: span.fromOffset + BigInt(read), read };
  }

  #cursor({ changedAtMs }: ReplayOrder, nextOffset: bigint) {
    this.#atMs += 1;
    return { nextOffset, atMs: changedAtMs + this.#atMs, gaveWayMs: 0, obeysMs: changedAtMs };
  }

  async #write(records: Parameters<InMemoryCluster['log']['send']>[1]): Promise<void> {
    const { log, topics } = this.#cluster;
    await log.send(topics.replays.name, records);
  }
}

/** So many records on partition 0 of a topic. */
export async function fill(cluster: InMemoryCluster, topic: string, count: number): Promise<void> {
  const record = { key: null, value: Buffer.from('{}'), headers: {}, partition: 0 };
  await cluster.log.send(
    topic,
    Array.from({ length: count }, () => record),
  );
}
