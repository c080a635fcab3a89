/**
 * Where the dead letters of one partition are, what they died of and when: 14 bytes for each, in chunks of columns.
 * What else there is of one is read at its position when somebody looks at it. Pure.
 */

export interface IndexedDeadLetter {
  /** Offsets are below 2^48 here, as in the delivery ledger: a number holds them exactly. */
  readonly offset: number;
  /** Number of its group. */
  readonly group: number;
  readonly atMs: number;
}

interface Chunk {
  readonly firstOffset: number;
  /** Above the first. */
  readonly offsets: Uint32Array;
  readonly groups: Uint16Array;
  readonly times: Float64Array;
  /** Those before it have expired. */
  start: number;
  end: number;
}

const CHUNK_RECORDS = 4_096;
const MAX_SPAN = 2 ** 32;

export class PartitionIndex {
  readonly #chunks: Chunk[] = [];
  #size = 0;
  #endOffset = 0;

  get size(): number {
    return this.#size;
  }

  /** Behind the last that came. */
  get endOffset(): number {
    return this.#endOffset;
  }

  get oldestAtMs(): number | undefined {
    const [first] = this.#chunks;
    return first?.times[first.start];
  }

  /** In the order of their offsets. */
  add({ offset, group, atMs }: IndexedDeadLetter): void {
    let chunk = this.#chunks.at(-1);
    if (chunk === undefined || chunk.end === CHUNK_RECORDS || offset - chunk.firstOffset >= MAX_SPAN) {
      chunk = newChunk(offset);
      this.#chunks.push(chunk);
    }
    chunk.offsets[chunk.end] = offset - chunk.firstOffset;
    chunk.groups[chunk.end] = group;
    chunk.times[chunk.end] = atMs;
    chunk.end += 1;
    this.#size += 1;
    this.#endOffset = offset + 1;
  }

  find(offset: number): IndexedDeadLetter | undefined {
    const chunk = this.#chunks[lastBelow(this.#chunks, ({ firstOffset }) => firstOffset <= offset)];
    if (chunk === undefined) return undefined;
    const wanted = offset - chunk.firstOffset;
    let low = chunk.start;
    let high = chunk.end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((chunk.offsets[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return low < chunk.end && chunk.offsets[low] === wanted ? at(chunk, low) : undefined;
  }

  /** The newest first, those below `belowOffset` only. */
  *backwards(belowOffset: number): Generator<IndexedDeadLetter, void> {
    for (let number = this.#chunks.length - 1; number >= 0; number -= 1) {
      const chunk = this.#chunks[number];
      if (chunk === undefined || chunk.firstOffset >= belowOffset) continue;
      for (let index = chunk.end - 1; index >= chunk.start; index -= 1) {
        const found = at(chunk, index);
        if (found.offset < belowOffset) yield found;
      }
    }
  }

  /** Without an object for each: all of millions are looked at in a moment. */
  forEach(visit: (offset: number, group: number, atMs: number) => void): void {
    for (const { firstOffset, offsets, groups, times, start, end } of this.#chunks) {
      for (let index = start; index < end; index += 1) {
        visit(firstOffset + (offsets[index] ?? 0), groups[index] ?? 0, times[index] ?? 0);
      }
    }
  }

  /** Takes out what is below an offset: it has gone from the topic. */
  dropBelow(offset: number, onDropped: (dropped: IndexedDeadLetter) => void): void {
    for (let [chunk] = this.#chunks; chunk !== undefined; [chunk] = this.#chunks) {
      while (chunk.start < chunk.end) {
        const oldest = at(chunk, chunk.start);
        if (oldest.offset >= offset) return;
        this.#dropFirst(chunk, oldest, onDropped);
      }
      this.#chunks.shift();
    }
  }

  /** Takes out the oldest chunk: there are more than the index may hold. Returns how many it had. */
  dropOldestChunk(onDropped: (dropped: IndexedDeadLetter) => void): number {
    const [chunk] = this.#chunks;
    if (chunk === undefined) return 0;
    const before = this.#size;
    while (chunk.start < chunk.end) this.#dropFirst(chunk, at(chunk, chunk.start), onDropped);
    this.#chunks.shift();
    return before - this.#size;
  }

  #dropFirst(chunk: Chunk, oldest: IndexedDeadLetter, onDropped: (dropped: IndexedDeadLetter) => void): void {
    chunk.start += 1;
    this.#size -= 1;
    onDropped(oldest);
  }
}

function newChunk(firstOffset: number): Chunk {
  return {
    firstOffset,
    offsets: new Uint32Array(CHUNK_RECORDS),
    groups: new Uint16Array(CHUNK_RECORDS),
    times: new Float64Array(CHUNK_RECORDS),
    start: 0,
    end: 0,
  };
}

function at({ firstOffset, offsets, groups, times }: Chunk, index: number): IndexedDeadLetter {
  return { offset: firstOffset + (offsets[index] ?? 0), group: groups[index] ?? 0, atMs: times[index] ?? 0 };
}

/** Index of the last item for which a condition holds that holds for the first ones only; -1 where for none. */
function lastBelow<Item>(items: readonly Item[], holds: (item: Item) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item !== undefined && holds(item)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
