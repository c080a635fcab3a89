/** How far topics have been read, by partition. Pure. */

export interface SeenPartition {
  readonly partition: number;
  readonly lowWatermark: bigint;
  readonly highWatermark: bigint;
}

export interface ReadPartition extends SeenPartition {
  /** Where reading goes on. */
  readonly nextOffset: bigint;
}

export class Positions {
  readonly #topics = new Map<string, Map<number, ReadPartition>>();

  /** What a topic holds now. What is below is gone, and need not be read. */
  see(topic: string, partitions: readonly SeenPartition[]): void {
    const before = this.#topics.get(topic);
    const now = partitions.map(({ partition, lowWatermark, highWatermark }): [number, ReadPartition] => {
      const { nextOffset = lowWatermark } = before?.get(partition) ?? {};
      const from = nextOffset < lowWatermark ? lowWatermark : nextOffset;
      return [partition, { partition, lowWatermark, highWatermark, nextOffset: from }];
    });
    this.#topics.set(topic, new Map(now));
  }

  of(topic: string): readonly ReadPartition[] {
    return [...(this.#topics.get(topic)?.values() ?? [])];
  }

  reached(topic: string, partition: number, nextOffset: bigint): void {
    const known = this.#topics.get(topic)?.get(partition);
    if (known !== undefined) this.#topics.get(topic)?.set(partition, { ...known, nextOffset });
  }

  /** In offsets of all topics, of which some are markers. */
  progress(): { readonly done: number; readonly total: number } {
    let done = 0;
    let total = 0;
    for (const partitions of this.#topics.values()) {
      for (const { lowWatermark, highWatermark, nextOffset } of partitions.values()) {
        const end = nextOffset > highWatermark ? nextOffset : highWatermark;
        done += Number(nextOffset - lowWatermark);
        total += Number(end - lowWatermark);
      }
    }
    return { done, total };
  }
}
