/** Deliveries of a span of time: a file of frames, and the table in memory that says which frame may hold a command. */
import { rm } from 'node:fs/promises';
import { present } from '@astrolabe/service-kit/errors';
import { decodeChunk } from '../chunk/chunk-codec.ts';
import type { DeliveryChunk } from '../chunk/delivery-chunk.ts';
import type { Delivery } from '../delivery.ts';
import { onDisk } from './disk-fault.ts';
import type { Frame } from './frame.ts';
import type { FrameCache } from './frame-cache.ts';
import type { IndexMemory } from './index-memory.ts';
import { SegmentFile, type FramePosition } from './segment-file.ts';
import { TagTable } from './tag-table.ts';

/** A chunk with its place on the changelog. */
export interface PlacedChunk {
  readonly offset: bigint;
  readonly chunk: DeliveryChunk;
}

/** What the segments of a store share. */
export interface SegmentSurroundings {
  readonly cache: FrameCache;
  readonly memory: IndexMemory;
}

/** The last frame of a segment, for the comparison with the changelog. */
export interface LastFrame {
  readonly offset: bigint;
  readonly position: FramePosition;
}

export class Segment {
  /** Rises with each segment of a store; its name. */
  readonly sequence: number;
  readonly #path: string;
  readonly #cache: FrameCache;
  readonly #table: TagTable;
  #file: SegmentFile | undefined;
  #entries = 0;
  #startedAtMs: number | undefined;
  #newestAtMs = 0;
  #last: LastFrame | undefined;

  private constructor(path: string, sequence: number, { cache, memory }: SegmentSurroundings, expected: number) {
    this.#path = path;
    this.sequence = sequence;
    this.#cache = cache;
    this.#table = new TagTable(expected, memory);
  }

  /** `expected`: how many deliveries are likely to come; the table starts at that size and grows where it must. */
  static async create(
    path: string,
    sequence: number,
    surroundings: SegmentSurroundings,
    expected: number,
  ): Promise<Segment> {
    const segment = new Segment(path, sequence, surroundings, expected);
    try {
      segment.#file = await SegmentFile.create(path);
    } catch (error) {
      segment.#table.release();
      throw error;
    }
    return segment;
  }

  /**
   * `intact` is false where the end of the file had to be cut off. The bytes of a chunk are good until `onChunk`
   * returns.
   */
  static async open(
    path: string,
    sequence: number,
    surroundings: SegmentSurroundings,
    onChunk: (chunk: DeliveryChunk) => void,
  ): Promise<{ readonly segment: Segment; readonly intact: boolean }> {
    const segment = new Segment(path, sequence, surroundings, 0);
    try {
      const { file, cutBytes } = await SegmentFile.open(path, (frame, position) => {
        const chunk = decodeChunk(frame.chunk);
        segment.#index({ offset: frame.offset, chunk }, position);
        onChunk(chunk);
      });
      segment.#file = file;
      return { segment, intact: cutBytes === 0 };
    } catch (error) {
      segment.#table.release();
      throw error;
    }
  }

  get entries(): number {
    return this.#entries;
  }

  /** Time of the newest delivery of the first chunk; undefined while there is none. */
  get startedAtMs(): number | undefined {
    return this.#startedAtMs;
  }

  get newestAtMs(): number {
    return this.#newestAtMs;
  }

  get lastFrame(): LastFrame | undefined {
    return this.#last;
  }

  get diskBytes(): number {
    return this.#file?.sizeBytes ?? 0;
  }

  get memoryBytes(): number {
    return this.#table.memoryBytes;
  }

  /** One call at a time. The deliveries are found once it resolves. */
  async append(chunks: readonly PlacedChunk[]): Promise<void> {
    const frames = chunks.map(({ offset, chunk }): Frame => ({ offset, chunk: chunk.bytes }));
    const positions = await this.#open().append(frames);
    chunks.forEach((placed, index) => {
      this.#index(placed, present(positions[index], 'the position of a frame'));
    });
  }

  touch(tag: number): number {
    return this.#table.touch(tag);
  }

  /**
   * A delivery of the command after `afterMs`. A tag that matches proves nothing: the whole key is compared with the
   * frame's.
   */
  find(key: Buffer, tag: number, afterMs: number): Delivery | undefined {
    for (let slot = this.#table.first(tag); slot >= 0; slot = this.#table.next(tag, slot)) {
      const chunk = this.chunkAt(this.#table.locatorAt(slot));
      const index = chunk.find(key, afterMs);
      if (index >= 0) return chunk.deliveryAt(index);
    }
    return undefined;
  }

  chunkAt(position: FramePosition): DeliveryChunk {
    return this.#cache.get(this.sequence, position, () => decodeChunk(this.#open().read(position)));
  }

  /** No more chunks will come: gives back the room that its table has kept for them. */
  compact(): void {
    this.#table.compact();
  }

  /** What was appended survives a loss of power. */
  async sync(): Promise<void> {
    await this.#open().sync();
  }

  async close(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    this.#table.release();
    await file.close();
  }

  async remove(): Promise<void> {
    await this.close();
    await onDisk(`removing ${this.#path}`, () => rm(this.#path, { force: true }));
  }

  #open(): SegmentFile {
    if (this.#file === undefined) throw new Error(`${this.#path} is closed`);
    return this.#file;
  }

  #index({ offset, chunk }: PlacedChunk, position: FramePosition): void {
    for (let index = 0; index < chunk.count; index += 1) this.#table.add(chunk.tagAt(index), position);
    this.#entries += chunk.count;
    this.#startedAtMs ??= chunk.newestAtMs;
    this.#newestAtMs = Math.max(this.#newestAtMs, chunk.newestAtMs);
    this.#last = { offset, position };
  }
}
