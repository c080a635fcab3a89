/**
 * Records of a partition by key: in order within a key, side by side across keys, committed up to the first record that
 * has not finished. Each record belongs to a connector. A connector whose records must wait long no longer holds up the
 * partition's offset and memory: it lags behind with a cursor of its own, which stands beside the committed offset, and
 * is read again from there when it can go on (`docs/adr/0009`).
 */
import { decodeConnectorOffsets, recordSizeBytes, type ConsumedRecord } from '@astrolabe/records';
import { CatchUpReader } from './catch-up-reader.ts';
import type { WorkPosition } from '../consumer/core/partition-lag.ts';
import type { ConnectorCursor, LagReason, LaneProcessor, LaneProcessorOptions } from './lane-handler.ts';
import { LaneRunner } from './lane-runner.ts';
import {
  InHand,
  commitOf,
  countWithin,
  queueThatFills,
  queueThatHoldsBack,
  releasesPartitionOffset,
  lagWindow,
  openConnectorQueue,
} from './connector-queues.ts';
import { PartitionTask, type Amount, type ConnectorQueue, type LaneTaskEvents } from './lane-task.ts';
import { OffsetTracker } from './offset-tracker.ts';
import { PartitionPause } from './partition-pause.ts';
import { ReplayLine } from './replay/replay-line.ts';
import type { ReplayedRecords, ReplayLineOptions } from './replay/replayed-records.ts';

export function createLaneProcessor<State>(options: LaneProcessorOptions<State>): LaneProcessor<State> {
  return new Processor(options);
}

class Processor<State> implements LaneProcessor<State>, LaneTaskEvents<PartitionTask<State>> {
  readonly #options: LaneProcessorOptions<State>;
  readonly #runner: LaneRunner<State>;
  readonly #queues = new Map<string, ConnectorQueue<State>>();
  /** Those with a cursor of their own, in the order in which they got it. */
  readonly #cursors = new Map<string, ConnectorQueue<State>>();
  readonly #catchUp: CatchUpReader<State>;
  #main: OffsetTracker<PartitionTask<State>> | undefined;
  /** Fetched before the restoration is through. */
  #early: { readonly records: readonly ConsumedRecord[]; readonly nextOffset: bigint }[] | undefined;
  readonly #inHand = new InHand<State>();
  #isDeclaring = false;
  readonly #pause: PartitionPause;

  constructor(options: LaneProcessorOptions<State>) {
    this.#options = options;
    this.#pause = new PartitionPause(options.session, options.limits);
    this.#runner = new LaneRunner(options, () => this.#early !== undefined || this.#catchUp.isReading());
    this.#catchUp = new CatchUpReader({
      readPage: options.readPage,
      session: options.session,
      window: (queue) => this.#lagWindow(queue),
      queues: () => this.#cursors.values(),
      mainPosition: () => this.#main?.position ?? 0n,
      connectorOf: options.connectorOf,
      isBlocked: (connectorId) => options.handler.isBlocked(connectorId),
      take: (queue, record) => this.#take(queue, record, false),
      caughtUp: (queue) => this.#endLag(queue),
      moved: () => this.#declare(),
      rests: () => this.#runner.rests(),
    });
    if (options.restore !== undefined) {
      this.#early = [];
      void this.#restore(options.restore);
    }
  }

  enqueue(records: readonly ConsumedRecord[], nextOffset: bigint): void {
    if (this.#runner.isQuiet) return;
    if (this.#early !== undefined) {
      this.#early.push({ records, nextOffset });
      this.#pause.begin();
      return;
    }
    const { connectorOf } = this.#options;
    const main = (this.#main ??= new OffsetTracker(records[0]?.offset ?? nextOffset, releasesPartitionOffset));
    for (const record of records) {
      if (record.offset < main.position) continue;
      const queue = this.#queueOf(connectorOf(record), main.position);
      // After a restart a cursor may be ahead of the committed offset: what is below it is finished.
      const isOver = record.offset < queue.tracker.position;
      if (queue.isLagging || isOver) main.advanceTo(record.offset + 1n);
      else this.#take(queue, record, true);
    }
    main.advanceTo(nextOffset);
    if (main.pendingCount === 0) this.#declare();
    this.#makeRoom();
  }

  replay<Outcome extends string>(options: ReplayLineOptions<State, Outcome>): ReplayedRecords<Outcome> {
    return new ReplayLine(options, this.#runner, this.#options.connectorOf);
  }

  idle(): Promise<void> {
    return this.#runner.idle();
  }

  quiesce(): void {
    this.#catchUp.close();
    this.#runner.quiesce();
  }

  async stop(): Promise<void> {
    this.#catchUp.close();
    this.#runner.stop();
    await this.#catchUp.ended();
  }

  review(): void {
    const main = this.#main;
    if (this.#runner.isQuiet || main === undefined) return;
    const { limits, nowMs } = this.#options;
    const holding = queueThatHoldsBack(main, limits, nowMs());
    if (holding !== undefined) this.#beginLag(holding, 'holds-offset');
    this.#makeRoom();
    this.#catchUp.poke();
  }

  cursors(): ReadonlyMap<string, ConnectorCursor> {
    const cursors = new Map<string, ConnectorCursor>();
    for (const [name, { tracker, lastWrittenAtMs }] of this.#cursors) {
      const writtenAtMs = tracker.first?.record.timestampMs ?? lastWrittenAtMs;
      cursors.set(name, { offset: tracker.committableOffset, writtenAtMs });
    }
    return cursors;
  }

  workPosition(): WorkPosition | undefined {
    const main = this.#main;
    if (main !== undefined) {
      const { committableOffset: finishedTo, position: readTo } = main;
      return { finishedTo, readTo, oldestAtMs: main.first?.record.timestampMs };
    }
    if (this.#early === undefined) return { finishedTo: undefined, readTo: undefined, oldestAtMs: undefined };
    const oldest = this.#early.find(({ records }) => records.length > 0)?.records[0];
    const readTo = this.#early.at(-1)?.nextOffset;
    return oldest && { finishedTo: oldest.offset, readTo, oldestAtMs: oldest.timestampMs };
  }

  recordCount(): number {
    return [...this.#queues.values()].reduce((sum, { records }) => sum + records, 0);
  }

  laneCount(): number {
    return this.#runner.laneCount;
  }

  position(): bigint | undefined {
    return this.#main?.position;
  }

  takenTo(connectorId: string): bigint {
    const queue = this.#queues.get(connectorId);
    return queue?.isLagging === true ? queue.tracker.position : (this.#main?.position ?? 0n);
  }

  waits(task: PartitionTask<State>): void {
    this.#runner.waits(task);
  }

  released(task: PartitionTask<State>): void {
    this.#runner.released(task);
  }

  finished(task: PartitionTask<State>): void {
    const { queue } = task;
    this.#runner.ended();
    if (task.isEvicted) return;
    this.#inHand.remove(task);
    const cursorMoved = queue.tracker.settle() && this.#cursors.has(queue.name);
    const mainMoved = task.isMain && this.#main?.settle() === true;
    if (cursorMoved || mainMoved) this.#declareSoon();
    if (queue.isLagging) this.#catchUp.pokeSoon();
    else if (queue.records === 0 && !this.#cursors.has(queue.name)) this.#queues.delete(queue.name);
    this.#pause.endAtHalf(this.#inHand.main);
  }

  failed(task: PartitionTask<State>, fault: unknown): void {
    this.#runner.failed(task, fault);
  }

  async #restore(restore: NonNullable<LaneProcessorOptions<State>['restore']>): Promise<void> {
    try {
      const { nextOffset, metadata } = await restore();
      const early = this.#early ?? [];
      this.#early = undefined;
      if (this.#runner.isQuiet) return;
      const cursors = decodeConnectorOffsets(metadata) ?? new Map<string, bigint>();
      if (nextOffset !== undefined) this.#main = new OffsetTracker(nextOffset, releasesPartitionOffset);
      for (const [name, offset] of cursors) {
        const queue = this.#queueOf(name, offset);
        queue.isLagging = true;
        this.#cursors.set(name, queue);
        this.#options.onLag?.(name, 'restored');
      }
      for (const { records, nextOffset } of early) this.enqueue(records, nextOffset);
      this.#pause.endAtHalf(this.#inHand.main);
      this.#catchUp.poke();
    } catch (fault) {
      if (!this.#options.session.signal.aborted) this.#options.session.fail(fault);
    }
  }

  #queueOf(name: string, position: bigint): ConnectorQueue<State> {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = openConnectorQueue(name, position);
      this.#queues.set(name, queue);
    }
    return queue;
  }

  #take(queue: ConnectorQueue<State>, record: ConsumedRecord, isMain: boolean): void {
    const sizeBytes = recordSizeBytes(record);
    const task = new PartitionTask(record, queue, sizeBytes, this.#options.nowMs(), isMain, this);
    queue.tracker.track(task);
    queue.lastWrittenAtMs = record.timestampMs;
    if (isMain) this.#main?.track(task);
    this.#inHand.add(task);
    this.#runner.add(task);
  }

  /**
   * A full buffer must not keep the rest of the partition unread: nobody can know whose records are there. So the
   * largest connector makes room.
   */
  #makeRoom(): void {
    const { limits } = this.#options;
    for (;;) {
      const queue = queueThatFills(this.#inHand.main, this.#queues.values(), limits);
      if (queue === undefined) return;
      if (this.#cursors.size >= limits.maxLaggingConnectors && !this.#cursors.has(queue.name))
        return this.#pause.begin();
      this.#beginLag(queue, 'fills-buffer');
    }
  }

  #lagWindow(queue: ConnectorQueue<State>): Amount {
    return lagWindow(this.#options.limits, this.#inHand.apartOfOthers(queue));
  }

  /**
   * From here on the partition goes on without the connector. What is in hand beyond the window is evicted, and read
   * again.
   */
  #beginLag(queue: ConnectorQueue<State>, reason: LagReason): void {
    const main = this.#main;
    if (main === undefined || queue.isLagging) return;
    const { limits, handler, onLag } = this.#options;
    queue.isLagging = true;
    queue.tracker.advanceTo(main.position);
    for (const task of queue.tracker.pending()) this.#inHand.setApart(task);
    if (!this.#cursors.has(queue.name)) this.#cursors.set(queue.name, queue);
    const window = handler.isBlocked(queue.name)
      ? { records: limits.windowRecords, bytes: limits.windowBytes }
      : this.#lagWindow(queue);
    for (const task of queue.tracker.evictAfter(countWithin(queue.tracker.pending(), window))) this.#evict(task);
    main.settle();
    this.#declare();
    this.#pause.endAtHalf(this.#inHand.main);
    onLag?.(queue.name, reason);
  }

  #evict(task: PartitionTask<State>): void {
    task.isEvicted = true;
    if (task.isDone) return;
    this.#inHand.remove(task);
    this.#runner.evict(task);
  }

  #endLag(queue: ConnectorQueue<State>): void {
    queue.isLagging = false;
    this.#options.onLag?.(queue.name, undefined);
    this.#declare();
  }

  /** What finishes together is declared once: the text of many cursors costs more than the end of a record. */
  #declareSoon(): void {
    if (this.#cursors.size === 0) return this.#declare();
    if (this.#isDeclaring) return;
    this.#isDeclaring = true;
    queueMicrotask(() => {
      this.#isDeclaring = false;
      this.#declare();
    });
  }

  #declare(): void {
    const { session } = this.#options;
    const main = this.#main;
    if (main === undefined || session.signal.aborted) return;
    if (this.#cursors.size === 0) return session.storeOffset(main.committableOffset, '');
    const cursors = new Map<string, bigint>();
    for (const [name, { isLagging, tracker }] of this.#cursors) {
      // A connector that follows again has its cursor until what it had in hand by it is finished.
      if (isLagging || tracker.first?.isMain === false) cursors.set(name, tracker.committableOffset);
      else this.#cursors.delete(name);
    }
    const { nextOffset, metadata } = commitOf(main.committableOffset, cursors);
    session.storeOffset(nextOffset, metadata);
  }
}
