/**
 * Reads a source of replayed records to its end, in small pieces of work between which live records have their turn,
 * and puts each record into the lanes or counts why not. At most one page is in memory beside the records in hand.
 */
import { setImmediate as afterOtherWork } from 'node:timers/promises';
import {
  PageWalk,
  type LaneProcessor,
  type PageGap,
  type PartitionSession,
  type ReplayedRecords,
} from '@astrolabe/processing';
import type { ConsumedRecord } from '@astrolabe/records';
import { isRetryableFault, retryPolicies, type Retrier } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import { unlessAborted } from '@astrolabe/service-kit/retry';
import type { CallScheduler } from '../calls/call-scheduler.ts';
import type { ReplayOutcome } from '../core/replay/known-outcome.ts';
import type { ReplayWindow } from '../core/replay/replay-window.ts';
import type { InFlightCommand } from '../lifecycle/in-flight-command.ts';
import type { CursorSource, SortedRecord } from './sources/cursor-source.ts';
import type { ReplayReader } from './replay-reader.ts';
import { Rest } from './rest.ts';

export interface ReplayCursorOptions {
  readonly session: PartitionSession;
  readonly lanes: Pick<LaneProcessor<InFlightCommand>, 'replay'>;
  readonly scheduler: Pick<CallScheduler, 'replay'>;
  readonly reader: ReplayReader;
  readonly window: ReplayWindow;
  readonly clock: Clock;
  readonly retrier: Retrier;
  readonly source: CursorSource;
  /** The first offset that is not done. */
  readonly position: bigint;
  readonly onDone: (replayId: string, outcome: ReplayOutcome, records: number) => void;
  /** Records have ended, or everything was read. */
  readonly onChange: () => void;
  readonly onLost: (outcome: 'unreadable' | 'expired', offsets: number) => void;
}

/** One piece of work: so much is looked up and started between two looks at what is live. */
const PIECE_MS = 1;
/** How soon to look again whether live records have been read that come first. */
const BEHIND_LIVE_MS = 50;
/** The clock is looked at once for so many. */
const LOOK_AFTER = 16;

export class ReplayCursor {
  readonly line: ReplayedRecords<ReplayOutcome>;
  readonly #options: ReplayCursorOptions;
  readonly #stopping = new AbortController();
  readonly #signal: AbortSignal;
  readonly #rest: Rest;
  readonly #ended: Promise<void>;
  #page: PageWalk | undefined;
  /** Of the first record of the page. */
  #sorting: Promise<SortedRecord> | undefined;
  /** The source has been read to its end. */
  #isRead = false;

  constructor(options: ReplayCursorOptions) {
    this.#options = options;
    const { session, lanes, clock, position, onDone, window } = options;
    this.#signal = AbortSignal.any([session.signal, this.#stopping.signal]);
    this.#rest = new Rest(clock, this.#signal);
    this.line = lanes.replay<ReplayOutcome>({
      position,
      outcomeOf: ({ state }) => outcomeOf(state),
      onDone,
      onChange: () => {
        if (window.isHalfFree(this.line)) this.wake();
        options.onChange();
      },
    });
    window.add(this.line);
    this.#ended = this.#run();
  }

  /** Everything was read, and has ended. */
  get isDone(): boolean {
    return this.#isRead && this.line.inHand.records === 0;
  }

  /** Looks again whether there is something to do. */
  wake(): void {
    this.#rest.end();
  }

  /** Nothing more is read or taken; what is in hand goes on. Resolves when nothing is read any more; never rejects. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the replay is not read on'));
    await this.#ended;
  }

  /** Its records in hand, if any, do not count any more. */
  close(): void {
    this.#options.window.remove(this.line);
  }

  async #run(): Promise<void> {
    const { session, onChange } = this.#options;
    try {
      while (!this.#isRead) await this.#step();
    } catch (fault) {
      if (!this.#signal.aborted) session.fail(fault);
    }
    onChange();
  }

  async #step(): Promise<void> {
    this.#signal.throwIfAborted();
    this.#page ??= await this.#readOn();
    if (this.#page === undefined) return;
    const { source, window } = this.#options;
    const waitMs = source.waitMs();
    if (waitMs !== undefined || !window.hasRoom(this.line)) return this.#rest.begin(waitMs);
    const { first } = this.#page;
    if (first.kind === 'record' && !source.isDue(first.record)) return this.#rest.begin(BEHIND_LIVE_MS);
    await this.#workOn(this.#page);
  }

  async #readOn(): Promise<PageWalk | undefined> {
    const { source, session, reader } = this.#options;
    const next = await source.next(this.line.position, this.#signal);
    this.#signal.throwIfAborted();
    switch (next.kind) {
      case 'over':
        this.#isRead = true;
        return undefined;
      case 'wait':
        await this.#rest.begin(next.ms);
        return undefined;
      case 'range': {
        const { fromOffset, endOffset } = next;
        this.line.advanceTo(fromOffset);
        const page = await reader.page(source.topic, session.partition, fromOffset, endOffset, this.#signal);
        this.#signal.throwIfAborted();
        return new PageWalk(page);
      }
    }
  }

  /** A piece of work on the page, when nothing live waits. */
  async #workOn(page: PageWalk): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#options.scheduler.replay(() => {
      try {
        if (!this.#signal.aborted) this.#work(page);
        resolve();
      } catch (fault) {
        reject(fault);
      }
    });
    await unlessAborted(promise, this.#signal);
    const sorting = this.#sorting;
    if (sorting === undefined) {
      await afterOtherWork();
      return;
    }
    this.#sorting = undefined;
    await this.#sortLater(page, sorting);
  }

  #work(page: PageWalk): void {
    const { source, window, clock } = this.#options;
    const untilMs = clock.monotonicMs() + PIECE_MS;
    let handled = 0;
    let entry = page.first;
    for (; entry.kind !== 'end'; entry = page.first) {
      if (entry.kind === 'gap') this.#skipLost(entry.gap);
      else {
        const { record } = entry;
        if (!source.isDue(record) || source.waitMs() !== undefined || !window.hasRoom(this.line)) return;
        handled += 1;
        if (handled % LOOK_AFTER === 0 && clock.monotonicMs() >= untilMs) return;
        const sorted = source.sort(record);
        if (sorted instanceof Promise) {
          this.#sorting = sorted;
          return;
        }
        this.#place(record, sorted);
      }
      page.removeFirst();
    }
    this.line.advanceTo(entry.nextOffset);
    this.#page = undefined;
  }

  /** The schema of the record is looked up first. */
  async #sortLater(page: PageWalk, first: Promise<SortedRecord>): Promise<void> {
    const { source, retrier } = this.#options;
    const entry = page.first;
    if (entry.kind !== 'record') throw new Error('a record is sorted that the page does not have');
    const { record } = entry;
    const lookedUp = first.catch((fault: unknown) => {
      if (!isRetryableFault(fault)) throw fault;
      const work = { policy: retryPolicies.command, signal: this.#signal };
      return retrier('looking up a schema', async () => source.sort(record), work);
    });
    // A registry that does not answer must not hold up who stops.
    const sorted = await unlessAborted(lookedUp, this.#signal);
    this.#place(record, sorted);
    page.removeFirst();
  }

  #place(record: ConsumedRecord, sorted: SortedRecord): void {
    if (sorted.kind === 'run') this.line.take(sorted.record, sorted.mark);
    else this.line.skip(sorted.replayId, sorted.outcome, record.offset + 1n, 1);
  }

  #skipLost({ kind, fromOffset, nextOffset }: PageGap): void {
    const offsets = Number(nextOffset - fromOffset);
    for (const { replayId, records } of this.#options.source.lost(offsets)) {
      this.line.skip(replayId, kind, nextOffset, records);
    }
    this.line.advanceTo(nextOffset);
    this.#options.onLost(kind, offsets);
  }
}

function outcomeOf(command: InFlightCommand | undefined): ReplayOutcome {
  if (command?.outcome === undefined) throw new Error('a replayed command has ended without an outcome');
  return command.outcome;
}
