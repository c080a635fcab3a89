/** What the replays of a partition have come to since the last chunk. No I/O. */
import type { MapperCounts } from '@astrolabe/replay';
import type { TopicRecord } from '@astrolabe/records';
import type { Replayed, ReplayCursor } from './replay-cursor.ts';

/** What one replay came to in a chunk. */
export interface ReplayedPart<R> {
  readonly cursor: ReplayCursor;
  readonly counts: Partial<MapperCounts>;
  readonly commands: number;
  readonly gaveWayMs: number;
  readonly results: readonly R[];
}

interface GatheredPart<R> extends ReplayedPart<R> {
  counts: Partial<MapperCounts>;
  commands: number;
  gaveWayMs: number;
  readonly results: R[];
}

export class GatheredChunk<R> {
  readonly outputs: TopicRecord[] = [];
  /** Replays whose position goes. */
  removed: readonly string[] = [];
  readonly #parts = new Map<ReplayCursor, GatheredPart<R>>();
  #records = 0;
  #bytes = 0;

  /** Read: matching or not. */
  get records(): number {
    return this.#records;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get parts(): readonly ReplayedPart<R>[] {
    return [...this.#parts.values()];
  }

  /** Its position is to be stored, though nothing more came of it. */
  touch(cursor: ReplayCursor): GatheredPart<R> {
    const part = this.#parts.get(cursor) ?? { cursor, counts: {}, commands: 0, gaveWayMs: 0, results: [] };
    this.#parts.set(cursor, part);
    return part;
  }

  add(
    cursor: ReplayCursor,
    { counts, commands }: Replayed,
    read: { readonly records: number; readonly bytes: number },
  ) {
    const part = this.touch(cursor);
    for (const [name, count] of Object.entries(counts) as [keyof MapperCounts, number][]) {
      part.counts = { ...part.counts, [name]: (part.counts[name] ?? 0) + count };
    }
    part.commands += commands;
    this.#records += read.records;
    this.#bytes += read.bytes;
    return part;
  }
}
