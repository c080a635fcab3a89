/**
 * The local copy of a partition of the changelog, within the window: segments in the order of the changelog, each of a
 * twelfth of the window. Expiry removes whole segments. What a crash leaves is a beginning of the copy: only the last
 * segment is ever written, and the one before it was on disk before its first byte.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Delivery } from '../delivery.ts';
import { AttemptsMemory } from './attempts-memory.ts';
import { lockDirectory, type DirectoryLock } from './directory-lock.ts';
import { onDisk } from './disk-fault.ts';
import { FrameCache } from './frame-cache.ts';
import { IndexMemory } from './index-memory.ts';
import { Segment, type PlacedChunk, type SegmentSurroundings } from './segment.ts';
import type { ChangelogChunk } from '../changelog/ledger-changelog.ts';

/** More, and a miss asks more tables; fewer, and more than the window is kept. */
const SEGMENTS_IN_WINDOW = 12;
/** Positions are 32 bits; far below, so that expiry gives space back in reasonable pieces. */
const MAX_SEGMENT_BYTES = 1_073_741_824;
export const SEGMENT_NAME = /^(\d{10})\.segment$/;

export interface DeliveryStoreOptions {
  /** Of this partition alone. Created where it is missing. */
  readonly directory: string;
  readonly windowMs: number;
  /** What is as old as this or older is not opened again. */
  readonly afterMs: number;
  /** Of all partitions of this process. Default: without a bound. */
  readonly memory?: IndexMemory;
  /** Ends the wait for another process to let go of the directory. */
  readonly lockTimeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface StoreStats {
  readonly entries: number;
  readonly segments: number;
  readonly diskBytes: number;
  /** Of tables and cached chunks. */
  readonly memoryBytes: number;
}

export class DeliveryStore {
  /** Of what it had when it was opened, and of what was read from the changelog since. */
  readonly attempts = new AttemptsMemory();
  readonly #directory: string;
  readonly #windowMs: number;
  readonly #lock: DirectoryLock;
  readonly #afterMs: number;
  readonly #shared: SegmentSurroundings;
  /** In the order of the changelog; the last one takes what comes. */
  #segments: Segment[] = [];
  #nextSequence = 0;
  #changes: Promise<void> = Promise.resolve();
  #closed = false;
  // eslint-disable-next-line no-unused-private-class-members -- keeps the reads in `find` from being optimised away
  #touched = 0;

  private constructor({ directory, windowMs, afterMs, memory }: DeliveryStoreOptions, lock: DirectoryLock) {
    this.#directory = directory;
    this.#windowMs = windowMs;
    this.#afterMs = afterMs;
    this.#shared = { cache: new FrameCache(), memory: memory ?? new IndexMemory() };
    this.#lock = lock;
  }

  /** Rejects with `ledger.locked`, `ledger.unknown-format`, `ledger.disk-failed` or the memory's fault. */
  static async open(options: DeliveryStoreOptions): Promise<DeliveryStore> {
    const { directory } = options;
    const store = new DeliveryStore(options, await lockDirectory(directory, options.lockTimeoutMs, options.signal));
    try {
      await store.#openSegments();
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** The last chunk of the copy; undefined where nothing is held. */
  lastChunk(): ChangelogChunk | undefined {
    const segment = this.#segments.findLast(({ lastFrame }) => lastFrame !== undefined);
    if (segment?.lastFrame === undefined) return undefined;
    const { offset, position } = segment.lastFrame;
    return { offset, bytes: segment.chunkAt(position).bytes };
  }

  /** Adds chunks that others have written, or that an earlier owner has. */
  async read(chunks: readonly PlacedChunk[]): Promise<void> {
    await this.append(chunks);
    for (const { chunk } of chunks) this.attempts.read(chunk);
  }

  /** A delivery of the command with that key after `afterMs`, the segments searched from the newest. */
  find(key: Buffer, tag: number, afterMs: number): Delivery | undefined {
    const segments = this.#segments;
    // One after the other, each table would be waited for: what a miss costs is memory that is not in the cache.
    let touched = 0;
    for (let index = segments.length - 1; index >= 0; index -= 1) touched ^= segments[index]?.touch(tag) ?? 0;
    this.#touched = touched;
    for (let index = segments.length - 1; index >= 0; index -= 1) {
      const found = segments[index]?.find(key, tag, afterMs);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Adds chunks in the order of the changelog. Changes run one after the other, in the order of their calls. */
  append(chunks: readonly PlacedChunk[]): Promise<void> {
    return this.#change(async () => {
      for (let at = 0; at < chunks.length;) {
        const segment = await this.#segmentFor(chunks[at]);
        const endAtMs = (segment.startedAtMs ?? chunks[at]?.chunk.newestAtMs ?? 0) + this.#spanMs();
        let end = at + 1;
        while (end < chunks.length && (chunks[end]?.chunk.newestAtMs ?? endAtMs) < endAtMs) end += 1;
        await segment.append(chunks.slice(at, end));
        at = end;
      }
    });
  }

  /** Removes the segments of which every delivery is as old as `beforeMs` or older. */
  expire(beforeMs: number): Promise<void> {
    this.attempts.prune(({ atMs }) => atMs <= beforeMs);
    return this.#remove(({ newestAtMs }) => newestAtMs <= beforeMs);
  }

  /** Forgets everything. */
  reset(): Promise<void> {
    this.attempts.clear();
    return this.#remove(() => true);
  }

  stats(): StoreStats {
    const sum = (value: (segment: Segment) => number): number =>
      this.#segments.reduce((total, segment) => total + value(segment), 0);
    return {
      entries: sum(({ entries }) => entries),
      segments: this.#segments.length,
      diskBytes: sum(({ diskBytes }) => diskBytes),
      memoryBytes: sum(({ memoryBytes }) => memoryBytes) + this.#shared.cache.memoryBytes,
    };
  }

  /** Leaves the directory to the next owner, after the changes under way. Later ones reject. */
  async close(): Promise<void> {
    await this.#changes;
    if (this.#closed) return;
    await this.#change(async () => {
      this.#closed = true;
      const segments = this.#segments;
      this.#segments = [];
      try {
        for (const segment of segments) await segment.close();
      } finally {
        this.#lock.release();
      }
    });
  }

  #change(change: () => Promise<void>): Promise<void> {
    const done = this.#changes.then(() => {
      // Without the lock the files may be somebody else's.
      if (this.#closed) throw new Error(`${this.#directory} is closed`);
      return change();
    });
    this.#changes = done.catch(() => undefined);
    return done;
  }

  #remove(isOver: (segment: Segment) => boolean): Promise<void> {
    return this.#change(async () => {
      const over = this.#segments.filter(isOver);
      if (over.length === 0) return;
      this.#segments = this.#segments.filter((segment) => !isOver(segment));
      for (const segment of over) await segment.remove();
    });
  }

  #spanMs(): number {
    return Math.ceil(this.#windowMs / SEGMENTS_IN_WINDOW);
  }

  async #segmentFor(next: PlacedChunk | undefined): Promise<Segment> {
    const current = this.#segments.at(-1);
    const isFull =
      current?.startedAtMs !== undefined &&
      ((next?.chunk.newestAtMs ?? 0) >= current.startedAtMs + this.#spanMs() || current.diskBytes >= MAX_SEGMENT_BYTES);
    if (current !== undefined && !isFull) return current;
    // Before the next segment's first byte: else a loss of power could leave a hole behind which chunks stand.
    await current?.sync();
    current?.compact();
    const sequence = this.#nextSequence;
    this.#nextSequence += 1;
    const created = await Segment.create(this.#pathOf(sequence), sequence, this.#shared, current?.entries ?? 0);
    this.#segments.push(created);
    return created;
  }

  async #openSegments(): Promise<void> {
    const names = await onDisk(`reading ${this.#directory}`, () => readdir(this.#directory));
    const sequences = names
      .flatMap((name) => SEGMENT_NAME.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
    let whole = true;
    for (const sequence of sequences) {
      this.#nextSequence = sequence + 1;
      const path = this.#pathOf(sequence);
      if (!whole) {
        // Behind a hole: the changelog has it all, and a copy has no holes.
        await onDisk(`removing ${path}`, () => rm(path));
        continue;
      }
      const { segment, intact } = await Segment.open(path, sequence, this.#shared, (chunk) =>
        this.attempts.read(chunk),
      );
      whole = intact;
      const before = this.#segments.at(-1);
      // A shorter window is how an operator makes room: what is beyond it must not be held until all are open.
      if (before === undefined && segment.newestAtMs <= this.#afterMs) await segment.remove();
      else this.#segments.push(segment);
      before?.compact();
    }
  }

  #pathOf(sequence: number): string {
    return join(this.#directory, `${String(sequence).padStart(10, '0')}.segment`);
  }
}
