/** A replay of commands, as far as it concerns one partition: what is asked for, its cursor, and what came of it. */
import type { OutgoingRecord } from '@astrolabe/records';
import {
  dispatcherProgressRecord,
  offsetsIn,
  remainingSpans,
  startOf,
  type DispatcherProgress,
  type ReplayOrder,
  type ReplayView,
} from '@astrolabe/replay';
import { unlessAborted } from '@astrolabe/service-kit/retry';
import { assertMayBecome, type CursorState } from '../core/replay/cursor-states.ts';
import { OutcomeCounts, outcomeLabels } from './outcome-counts.ts';
import type { PartitionReplayOptions } from './partition-replay-options.ts';
import type { ProgressTeller } from './progress-writer.ts';
import { ReplayCursor } from './replay-cursor.ts';
import { SpansSource } from './sources/spans-source.ts';

export class CommandsReplay implements ProgressTeller {
  readonly #options: PartitionReplayOptions;
  readonly #counts: OutcomeCounts;
  #state: CursorState = 'resting';
  #view: ReplayView;
  /** While nothing is read; else the cursor knows. */
  #nextOffset: bigint;
  /** `changedAtMs` of the order that is obeyed. */
  #obeysMs: number;
  #isGivenUp = false;
  #reading: { readonly cursor: ReplayCursor; readonly source: SpansSource } | undefined;

  /** Goes on from what an earlier owner has stored. */
  constructor(options: PartitionReplayOptions, view: ReplayView) {
    const { partition } = options.session;
    const stored = view.dispatcher.get(partition);
    const start = startOf(view.order, partition);
    if (start === undefined) throw new Error(`replay ${view.order.id} has nothing of partition ${partition}`);
    this.#options = options;
    this.#view = view;
    this.#nextOffset = stored?.nextOffset ?? start;
    this.#obeysMs = stored?.obeysMs ?? 0;
    this.#counts = new OutcomeCounts(stored?.counts, stored?.gaveWayMs);
    if (this.#remaining === 0) this.#state = 'ended';
  }

  get isReading(): boolean {
    return this.#state === 'reading';
  }

  /** Offsets that are still to be done. */
  get lag(): number {
    return this.#remaining;
  }

  /** Records wait for their calls. */
  get isAtWork(): boolean {
    return (this.#reading?.cursor.line.inHand.records ?? 0) > 0;
  }

  gaveWay(ms: number): void {
    this.#counts.gaveWay(ms);
  }

  /** What is asked for now. */
  obey(view: ReplayView): void {
    this.#view = view;
    this.#reading?.source.follow(view);
    const { wanted, changedAtMs } = view.order;
    if (this.#isGivenUp || this.#state === 'halting' || this.#state === 'ended') return;
    if (this.#state === 'resting' && wanted === 'run') this.#open();
    else if (this.#state === 'reading' && wanted !== 'run') return void this.#halt(view.order);
    if (this.#obeysMs < changedAtMs) this.#tell(changedAtMs);
  }

  /** Its order was removed: nobody asks for it any more. */
  async removed(): Promise<void> {
    this.#options.writer.forget(this);
    const cursor = this.#reading?.cursor;
    if (cursor === undefined || this.#state !== 'reading') return;
    this.#become('halting');
    await cursor.stop();
    cursor.line.drop(() => true, 'cancelled');
    this.#close(cursor);
    this.#become('ended');
  }

  /** Nothing more is read: the partition is given up. */
  async stop(): Promise<void> {
    this.#isGivenUp = true;
    await this.#reading?.cursor.stop();
  }

  progress(atMs: number): OutgoingRecord {
    const progress: DispatcherProgress = {
      nextOffset: this.#doneTo,
      atMs,
      gaveWayMs: this.#counts.gaveWayMs,
      obeysMs: this.#obeysMs,
      counts: this.#counts.counts,
    };
    return dispatcherProgressRecord(this.#view.order.id, this.#options.session.partition, progress);
  }

  get #doneTo(): bigint {
    return this.#reading?.cursor.line.doneTo ?? this.#nextOffset;
  }

  get #remaining(): number {
    return offsetsIn(remainingSpans(this.#view.order, this.#options.session.partition, this.#doneTo));
  }

  #become(state: CursorState): void {
    assertMayBecome(this.#state, state);
    this.#state = state;
  }

  #tell(obeysMs: number): void {
    this.#obeysMs = Math.max(this.#obeysMs, obeysMs);
    this.#options.writer.changed(this);
  }

  #open(): void {
    const { session, lanes, ledger, decoder, clock, metrics, writer, logger } = this.#options;
    this.#become('reading');
    const source = new SpansSource({
      topic: session.topic,
      partition: session.partition,
      view: this.#view,
      lanes,
      ledger,
      decoder,
      clock,
    });
    const cursor = new ReplayCursor({
      ...this.#options,
      source,
      position: this.#nextOffset,
      onDone: (_replayId, outcome, records) => {
        this.#counts.add(outcome, records);
        metrics.replayedRecords.inc({ source: 'commands', outcome: outcomeLabels[outcome] }, records);
      },
      onChange: () => {
        if (this.#state !== 'reading') return;
        writer.moved(this);
        if (cursor.isDone) this.#end(cursor);
      },
      onLost: (outcome, offsets) => {
        const { id } = this.#view.order;
        const fields = { replay: id, partition: session.partition, outcome, offsets };
        logger.warn(fields, 'commands of a replay are not there any more, or cannot be read');
      },
    });
    this.#reading = { cursor, source };
  }

  #end(cursor: ReplayCursor): void {
    const { logger, session } = this.#options;
    this.#close(cursor);
    this.#become('ended');
    this.#tell(this.#view.order.changedAtMs);
    const { id } = this.#view.order;
    logger.info({ replay: id, partition: session.partition, ...this.#counts.counts }, 'the replay is done here');
  }

  #close(cursor: ReplayCursor): void {
    this.#nextOffset = cursor.line.doneTo;
    this.#reading = undefined;
    cursor.close();
  }

  /**
   * A pause gives back what only waits: it is read again. A cancellation ends it. What is under way is waited for, so
   * that nothing comes of the replay once it counts as paused or cancelled.
   */
  async #halt({ wanted, changedAtMs }: ReplayOrder): Promise<void> {
    const { session } = this.#options;
    const cursor = this.#reading?.cursor;
    if (cursor === undefined) throw new Error('a replay is halted that is not read');
    this.#become('halting');
    try {
      await cursor.stop();
      if (wanted === 'cancel') cursor.line.drop(() => true, 'cancelled');
      await unlessAborted(cursor.line.abandon(), session.signal);
    } catch (fault) {
      if (!session.signal.aborted) session.fail(fault);
      return;
    }
    this.#close(cursor);
    this.#become(this.#remaining === 0 ? 'ended' : 'resting');
    this.#tell(changedAtMs);
    // More may have been asked for meanwhile.
    this.obey(this.#view);
  }
}
