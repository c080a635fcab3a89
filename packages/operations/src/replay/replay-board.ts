/** The replays of a pipeline as `astrolabe.replays.v1` has them, read on at each look. */
import { ReplayTable, readReplayRecord, type ReplaySnapshot } from '@astrolabe/replay';
import type { Cluster } from '../cluster/cluster.ts';
import { settledOffsets } from '../cluster/settled-offsets.ts';

export class ReplayBoard {
  readonly #cluster: Pick<Cluster, 'reader' | 'topics'>;
  readonly #table = new ReplayTable();
  #nextOffset = 0n;

  constructor(cluster: Pick<Cluster, 'reader' | 'topics'>) {
    this.#cluster = cluster;
  }

  /** Everything that was stored before the call, but for what lies behind a transaction that does not end. */
  async refresh(signal: AbortSignal): Promise<ReplaySnapshot> {
    const { reader, topics } = this.#cluster;
    const topic = topics.replays.name;
    const { highWatermark, lastStableOffset } = await settledOffsets(reader, topic, 0);
    if (this.#nextOffset > highWatermark) {
      this.#table.clear();
      this.#nextOffset = 0n;
    }
    if (this.#nextOffset < lastStableOffset) {
      this.#nextOffset = await reader.read({
        topic,
        partition: 0,
        fromOffset: this.#nextOffset,
        endOffset: lastStableOffset,
        signal,
        onRecords: (records) => records.forEach((record) => this.#table.apply(readReplayRecord(record))),
        onUnreadable: () => undefined,
      });
    }
    return this.#table.snapshot();
  }
}
