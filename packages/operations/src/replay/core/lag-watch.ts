/** How long a consumer group has been behind its topic, from observations of both. Pure. */
import type { CommittedPosition, PartitionWatermarks } from '@astrolabe/kafka';

interface SeenEnd {
  readonly end: bigint;
  readonly atMs: number;
}

export class LagWatch {
  /** By partition, oldest first: ends that the group has not passed yet, and when they were first seen. */
  readonly #ahead = new Map<number, readonly SeenEnd[]>();

  /**
   * Returns how long ago the oldest end that the group has not passed was first seen; 0 where it has passed all of
   * them.
   */
  observe(
    nowMs: number,
    bounds: readonly PartitionWatermarks[],
    commits: ReadonlyMap<number, Pick<CommittedPosition, 'nextOffset'>>,
  ): number {
    let behindMs = 0;
    for (const { partition, lowWatermark, highWatermark } of bounds) {
      const committed = commits.get(partition)?.nextOffset ?? lowWatermark;
      const ahead = (this.#ahead.get(partition) ?? []).filter(({ end }) => end > committed);
      const isNew = highWatermark > (ahead.at(-1)?.end ?? committed);
      const seen = isNew ? [...ahead, { end: highWatermark, atMs: nowMs }] : ahead;
      this.#ahead.set(partition, seen);
      behindMs = Math.max(behindMs, nowMs - (seen[0]?.atMs ?? nowMs));
    }
    return behindMs;
  }
}
