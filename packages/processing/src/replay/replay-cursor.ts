/**
 * One replay on one partition: how far it is, what came of it so far, and whether it may go on. No I/O.
 *
 *     learning ─► running ◄─► paused
 *         │          │          │
 *         └──────────┴──────────┴─► over
 */
import {
  ReplayAllowance,
  addCounts,
  commandsAllowed,
  furtherOf,
  noMapperCounts,
  rateOfPartition,
  remainingSpans,
  startOf,
  type MapperCounts,
  type MapperProgress,
  type ReplayOrder,
  type ReplaySpan,
  type ReplayView,
} from '@astrolabe/replay';
import { defect, present } from '@astrolabe/service-kit/errors';

/**
 * - `learning`: nothing is stored for it on the partition. Whether an owner before has ended it, or it is to begin, is
 *   being read.
 * - `running`, `paused`: as it was ordered.
 * - `over`: its spans are done, or it was cancelled.
 */
export type CursorState = 'learning' | 'running' | 'paused' | 'over';

const transitions: Readonly<Record<CursorState, readonly CursorState[]>> = {
  learning: ['running', 'paused', 'over'],
  running: ['paused', 'over'],
  paused: ['running', 'over'],
  over: [],
};

/** What a few records came to. */
export interface Replayed {
  readonly counts: Partial<MapperCounts>;
  readonly commands: number;
}

const PUBLISH_EVERY_MS = 1_000;

export class ReplayCursor {
  readonly partition: number;
  readonly allowance = new ReplayAllowance();
  #view: ReplayView;
  #state: CursorState = 'learning';
  #progress: Omit<MapperProgress, 'atMs'>;
  #allowed: { readonly view: ReplayView; readonly made: number; readonly commands: number } | undefined;
  /** What the topic of replays says of it, and since when, in monotonic milliseconds. */
  #published: { readonly progress: Omit<MapperProgress, 'atMs'>; readonly atMs: number } | undefined;

  constructor(view: ReplayView, partition: number) {
    this.partition = partition;
    this.#view = view;
    const nextOffset = present(startOf(view.order, partition), 'the span of a replay');
    this.#progress = { nextOffset, gaveWayMs: 0, obeysMs: -1, commands: 0, counts: noMapperCounts };
  }

  get order(): ReplayOrder {
    return this.#view.order;
  }

  get state(): CursorState {
    return this.#state;
  }

  get nextOffset(): bigint {
    return this.#progress.nextOffset;
  }

  /** What is left, in order. */
  get spans(): readonly ReplaySpan[] {
    return remainingSpans(this.order, this.partition, this.nextOffset);
  }

  /** Matching records that may be taken in a second; undefined where there is no such bound. */
  get recordsPerSecond(): number | undefined {
    return rateOfPartition(this.#view);
  }

  /** Commands that may be made before some of those that were made have ended. */
  get commandsAllowed(): number {
    const [view, made] = [this.#view, this.#progress.commands];
    // Asked several times a step, and summed over all partitions.
    if (this.#allowed?.view !== view || this.#allowed.made !== made) {
      this.#allowed = { view, made, commands: commandsAllowed(view, this.partition, made) };
    }
    return this.#allowed.commands;
  }

  /** Once: goes on at the further of what is stored on the partition and what was published of it. */
  begin(stored: MapperProgress | undefined): void {
    if (this.#state !== 'learning') throw defect(`the replay ${this.order.id} begins in the state ${this.#state}`);
    const published = this.#view.mapper.get(this.partition);
    const known = published === undefined ? stored : furtherOf(stored, published);
    // What was published needs no repetition, unless more was stored since.
    if (published !== undefined) this.#published = { progress: published, atMs: Number.NEGATIVE_INFINITY };
    if (known !== undefined) this.#progress = known;
    this.#obey();
  }

  follow(view: ReplayView): void {
    this.#view = view;
    if (this.#state !== 'learning') this.#obey();
  }

  /** Everything below `nextOffset` is done, with what it came to. */
  advance(nextOffset: bigint, { counts, commands }: Replayed): void {
    const { counts: before, commands: made } = this.#progress;
    this.#progress = {
      ...this.#progress,
      nextOffset,
      counts: addCounts(before, counts),
      commands: made + commands,
    };
    if (this.spans.length === 0) this.#enter('over');
  }

  gaveWay(ms: number): void {
    this.#progress = { ...this.#progress, gaveWayMs: this.#progress.gaveWayMs + ms };
  }

  /** How it is at `atMs`, epoch milliseconds. */
  progress(atMs: number): MapperProgress {
    return { ...this.#progress, atMs };
  }

  /** When what changed is to be published, in monotonic milliseconds; undefined where nothing did. */
  publishAtMs(): number | undefined {
    if (this.#state === 'learning') return undefined;
    const published = this.#published;
    if (published === undefined) return Number.NEGATIVE_INFINITY;
    const { nextOffset, obeysMs } = this.#progress;
    if (obeysMs !== published.progress.obeysMs) return Number.NEGATIVE_INFINITY;
    if (nextOffset === published.progress.nextOffset) return undefined;
    return this.#state === 'over' ? Number.NEGATIVE_INFINITY : published.atMs + PUBLISH_EVERY_MS;
  }

  /** `progress` is on the topic of replays, since `atMs`. */
  wasPublished(progress: MapperProgress, atMs: number): void {
    this.#published = { progress, atMs };
  }

  #obey(): void {
    const { wanted, changedAtMs } = this.order;
    if (this.#state === 'over') return;
    this.#progress = { ...this.#progress, obeysMs: changedAtMs };
    if (wanted === 'cancel' || this.spans.length === 0) this.#enter('over');
    else this.#enter(wanted === 'pause' ? 'paused' : 'running');
  }

  #enter(next: CursorState): void {
    if (next === this.#state) return;
    if (!transitions[this.#state].includes(next)) {
      throw defect(`the replay ${this.order.id} goes from ${this.#state} to ${next}`);
    }
    this.#state = next;
  }
}
