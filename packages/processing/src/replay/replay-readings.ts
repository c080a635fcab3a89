/**
 * The replays of one partition, each with its cursor and the pages that were read ahead for it. It knows which of them
 * can go on; nothing of it waits.
 */
import {
  decodeMapperProgress,
  isOfTopic,
  nextInTurn,
  offsetsIn,
  remainingSpans,
  startOf,
  type ReplayView,
} from '@astrolabe/replay';
import type { ReplayLaneOptions } from '../state/replay-lane.ts';
import type { PageHolder, PagePermits } from './page-permits.ts';
import { PageQueue } from './page-queue.ts';
import { ReplayCursor } from './replay-cursor.ts';
import type { ReplayOptions } from './replay-options.ts';

export interface Reading {
  readonly cursor: ReplayCursor;
  readonly pages: PageQueue;
}

export interface ReplayReadingsOptions
  extends ReplayLaneOptions, Pick<ReplayOptions<never, never>, 'follower' | 'readPage' | 'clock'> {
  readonly permits: PagePermits;
}

/** In memory, or on their way there, of a partition. */
const PAGES_AT_ONCE = 2;

export class ReplayReadings implements PageHolder {
  readonly #options: ReplayReadingsOptions;
  readonly #readings = new Map<string, Reading>();
  /** What is in the log of the partition, by replay. */
  readonly #stored: Map<string, Buffer>;
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  readonly #unfollow: () => void;
  #isChanged = true;
  /** Whether all that owners before this one have published is known. */
  #knowledge: 'partial' | 'being read' | 'complete' = 'partial';
  #lastFed: Reading | undefined;

  constructor(options: ReplayReadingsOptions) {
    this.#options = options;
    this.#stored = new Map(options.stored);
    this.#unfollow = options.follower.onChange(() => {
      this.#isChanged = true;
      options.onReady();
    });
  }

  get all(): Iterable<Reading> {
    return this.#readings.values();
  }

  /** Offsets that are still to be replayed, those of paused replays included. */
  get offsetsLeft(): number {
    let left = 0;
    for (const { cursor } of this.#readings.values()) if (cursor.state !== 'over') left += offsetsIn(cursor.spans);
    return left;
  }

  /** Whether there is anything to do, or to remove. Takes note of what was ordered. */
  follow(): boolean {
    if (this.#isChanged) {
      this.#isChanged = false;
      this.#takeOrders();
    }
    return this.#readings.size > 0 || this.removed().length > 0;
  }

  /** Replays whose position need not be remembered any more, because their orders are gone. */
  removed(): readonly string[] {
    if (this.#knowledge !== 'complete' || this.#stored.size === 0) return [];
    const { replays } = this.#options.follower.current();
    return [...this.#stored.keys()].filter((id) => !replays.has(id));
  }

  isStored(id: string): boolean {
    return this.#stored.has(id);
  }

  wasStored(id: string, value: Buffer | null): void {
    if (value === null) this.#stored.delete(id);
    else this.#stored.set(id, value);
  }

  isPresent(cursor: ReplayCursor): boolean {
    return this.#readings.get(cursor.order.id)?.cursor === cursor;
  }

  /** Those with a record in memory that may be replayed now. */
  ready(livePosition: bigint, nowMs: number): readonly Reading[] {
    return [...this.#readings.values()].filter((reading) => {
      if (reading.cursor.state !== 'running' || this.#isBlocked(reading, nowMs)) return false;
      const first = reading.pages.first();
      return first !== undefined && (first.kind !== 'record' || first.record.offset < livePosition);
    });
  }

  /** When the first of those that keep to a rate may go on, in monotonic milliseconds; undefined where none does. */
  nextAllowedAtMs(nowMs: number): number | undefined {
    const waits = [...this.#readings.values()].flatMap(({ cursor }) =>
      cursor.state === 'running' ? (cursor.allowance.waitMs(cursor.recordsPerSecond, nowMs) ?? []) : [],
    );
    return waits.length === 0 ? undefined : nowMs + Math.min(...waits);
  }

  /** Fetches what will be needed, one page after the other for each replay, up to the live position. */
  readAhead(livePosition: bigint, nowMs: number): void {
    const { permits } = this.#options;
    for (;;) {
      const pages = [...this.#readings.values()].reduce((sum, each) => sum + each.pages.pages, 0);
      const next = pages < PAGES_AT_ONCE ? this.#nextToFeed(livePosition, nowMs) : undefined;
      if (next === undefined) return permits.withdraw(this);
      if (!permits.take(this)) return;
      this.#lastFed = next.reading;
      this.#track(this.#fetch(next.reading.pages, next.range));
    }
  }

  /** The first page of it is used up. */
  finishedPage(): void {
    this.#options.permits.giveBack(this, 1);
  }

  drop({ cursor, pages }: Reading): void {
    const held = pages.pages;
    pages.drop(cursor.nextOffset);
    this.#options.permits.giveBack(this, held);
  }

  shed(): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const reading of this.#readings.values()) if (this.#isBlocked(reading, nowMs)) this.drop(reading);
  }

  wake(): void {
    this.#options.onReady();
  }

  async close(): Promise<void> {
    this.#unfollow();
    this.#closing.abort(new Error('the partition is taken over again'));
    for (const reading of this.#readings.values()) this.drop(reading);
    this.#options.permits.withdraw(this);
    await Promise.all(this.#underWay);
  }

  #takeOrders(): void {
    const { replays } = this.#options.follower.current();
    for (const [id, reading] of this.#readings) {
      const view = replays.get(id);
      const { state, order } = reading.cursor;
      const isSame = view?.order.startedAtMs === order.startedAtMs;
      if (view !== undefined && isSame && !(state === 'over' && this.#hasEnded(view))) continue;
      this.drop(reading);
      this.#readings.delete(id);
    }
    for (const [id, view] of replays) {
      if (!this.#concerns(view)) continue;
      const reading = this.#readings.get(id) ?? this.#begin(view);
      reading?.cursor.follow(view);
      if (reading !== undefined && reading.cursor.state !== 'running') this.drop(reading);
    }
    const isUnknown = ({ cursor }: Reading): boolean => cursor.state === 'learning';
    const isOrphaned = [...this.#stored.keys()].some((id) => !replays.has(id));
    if (isOrphaned || [...this.#readings.values()].some(isUnknown)) this.#learn();
  }

  #concerns({ order }: ReplayView): boolean {
    const { topic, partition, topicId } = this.#options.session;
    return (
      order.request.source === 'events' && startOf(order, partition) !== undefined && isOfTopic(order, topic, topicId)
    );
  }

  #begin(view: ReplayView): Reading | undefined {
    const { partition } = this.#options.session;
    const { order } = view;
    if (this.#hasEnded(view)) return undefined;
    const stored = this.#stored.get(order.id);
    const cursor = new ReplayCursor(view, partition);
    if (stored !== undefined) cursor.begin(decodeMapperProgress(stored));
    else if (this.#knowledge === 'complete') cursor.begin(undefined);
    const reading = { cursor, pages: new PageQueue(cursor.nextOffset) };
    this.#readings.set(order.id, reading);
    return reading;
  }

  /** Its end is published, and its position is not needed any more. */
  #hasEnded(view: ReplayView): boolean {
    return !this.#stored.has(view.order.id) && isDone(view, this.#options.session.partition);
  }

  /**
   * An owner before this one may have ended a replay, and may have forgotten its position because the end is published.
   * To begin it again would map its events twice.
   */
  #learn(): void {
    if (this.#knowledge !== 'partial') return;
    this.#knowledge = 'being read';
    const { follower, session, onReady } = this.#options;
    const { signal } = this.#closing;
    const learning = follower.upToDate(signal).then(
      ({ replays }) => {
        this.#knowledge = 'complete';
        for (const [id, { cursor, pages }] of this.#readings) {
          const view = replays.get(id);
          if (cursor.state !== 'learning' || view === undefined) continue;
          cursor.follow(view);
          cursor.begin(undefined);
          pages.drop(cursor.nextOffset);
        }
        this.#isChanged = true;
        onReady();
      },
      (error: unknown) => {
        if (!signal.aborted) session.fail(error);
      },
    );
    this.#track(learning);
  }

  #isBlocked({ cursor }: Reading, nowMs: number): boolean {
    if (cursor.state !== 'running' || cursor.commandsAllowed === 0) return true;
    return cursor.allowance.waitMs(cursor.recordsPerSecond, nowMs) !== undefined;
  }

  /** The one with the fewest pages; of several, the next in turn. */
  #nextToFeed(livePosition: bigint, nowMs: number): { readonly reading: Reading; readonly range: Range } | undefined {
    const hungry = [...this.#readings.values()].filter(
      (reading) =>
        !reading.pages.isFetching && !this.#isBlocked(reading, nowMs) && nextRange(reading, livePosition) !== undefined,
    );
    const fewest = Math.min(...hungry.map(({ pages }) => pages.pages));
    const candidates = hungry.filter(({ pages }) => pages.pages === fewest);
    const reading = nextInTurn(candidates, this.#lastFed);
    const range = reading === undefined ? undefined : nextRange(reading, livePosition);
    return reading === undefined || range === undefined ? undefined : { reading, range };
  }

  async #fetch(pages: PageQueue, { fromOffset, endOffset }: Range): Promise<void> {
    const { readPage, session, onReady } = this.#options;
    const { topic, partition } = session;
    try {
      await pages.fetch((signal) => readPage(topic, partition, fromOffset, endOffset, signal));
      onReady();
    } catch (error) {
      this.#options.permits.giveBack(this, 1);
      if (!this.#closing.signal.aborted) session.fail(error);
    }
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }
}

/** Whether nothing is left to do, and everybody was told. */
function isDone({ order, mapper }: ReplayView, partition: number): boolean {
  const published = mapper.get(partition);
  if (published === undefined) return false;
  if (remainingSpans(order, partition, published.nextOffset).length === 0) return true;
  return order.wanted === 'cancel' && published.obeysMs >= order.changedAtMs;
}

interface Range {
  readonly fromOffset: bigint;
  readonly endOffset: bigint;
}

/** Where the next page may be; undefined where there is nothing to fetch. */
function nextRange({ cursor, pages }: Reading, livePosition: bigint): Range | undefined {
  const span = cursor.spans.find(({ endOffset }) => endOffset > pages.nextFetch);
  if (span === undefined) return undefined;
  const fromOffset = span.fromOffset > pages.nextFetch ? span.fromOffset : pages.nextFetch;
  const endOffset = span.endOffset < livePosition ? span.endOffset : livePosition;
  return fromOffset < endOffset ? { fromOffset, endOffset } : undefined;
}
