/**
 * Records of a partition by key: in order within a key, side by side across keys, committed up to the first record that has not
 * finished. Records also belong to groups (in the dispatcher: connectors). A group whose records must wait long no longer holds up
 * the partition's offset and memory: it lags behind with a cursor of its own, which stands beside the committed offset, and is read
 * again from there when it can go on (`docs/adr/0009`).
 */
import { decodeConnectorOffsets, recordSizeBytes, type ConsumedRecord } from '@astrolabe/records';
import { CatchUpReader } from './group-catch-up.ts';
import { IdleWaiters } from './idle-waiters.ts';
import { KeyLanes } from './key-lanes.ts';
import type { LagReason, LaneProcessor, LaneProcessorOptions } from './lane-handler.ts';
import {
  commitOf,
  countWithin,
  groupThatFills,
  groupThatHoldsBack,
  releasesPartitionOffset,
  InHand,
  lagWindow,
  openGroup,
} from './lane-groups.ts';
import { LaneTask, type Amount, type ConnectorQueue, type LaneTaskEvents } from './lane-task.ts';
import { OffsetTracker } from './offset-tracker.ts';
import { PartitionPause } from './partition-pause.ts';

export function createLaneProcessor<State>(options: LaneProcessorOptions<State>): LaneProcessor {
  return new Processor(options);
}

class Processor<State> implements LaneProcessor, LaneTaskEvents<State> {
  readonly #options: LaneProcessorOptions<State>;
  readonly #lanes: KeyLanes<LaneTask<State>>;
  readonly #groups = new Map<string, ConnectorQueue<State>>();
  /** Those with a cursor of their own, in the order in which they got it. */
  readonly #cursors = new Map<string, ConnectorQueue<State>>();
  readonly #catchUp: CatchUpReader<State>;
  #main: OffsetTracker<LaneTask<State>> | undefined;
  /** Fetched before the restoration is through. */
  #early: { readonly records: readonly ConsumedRecord[]; readonly nextOffset: bigint }[] | undefined;
  readonly #inHand = new InHand<State>();
  /** Started and neither finished nor given up. */
  #unfinished = 0;
  #isDeclaring = false;
  readonly #pause: PartitionPause;
  #quiet = false;
  readonly #waiters = new IdleWaiters(() => this.#isIdle());

  constructor(options: LaneProcessorOptions<State>) {
    this.#options = options;
    this.#pause = new PartitionPause(options.session, options.limits);
    this.#lanes = new KeyLanes((task) => {
      // The signal aborts before `stop` is called: what follows an abandoned record in its lane must not start in between.
      if (options.session.signal.aborted) {
        task.isEvicted = true;
        return;
      }
      this.#unfinished += 1;
      options.handler.start(task);
    });
    this.#catchUp = new CatchUpReader({
      readPage: options.readPage,
      session: options.session,
      window: (group) => this.#lagWindow(group),
      groups: () => this.#cursors.values(),
      mainPosition: () => this.#main?.position ?? 0n,
      connectorOf: options.connectorOf,
      isBlocked: (group) => options.handler.isBlocked(group),
      take: (group, record) => this.#take(group, record, false),
      caughtUp: (group) => this.#endLag(group),
      moved: () => this.#declare(),
      rests: () => this.#waiters.wake(),
    });
    if (options.restore !== undefined) {
      this.#early = [];
      void this.#restore(options.restore);
    }
  }

  enqueue(records: readonly ConsumedRecord[], nextOffset: bigint): void {
    if (this.#quiet) return;
    if (this.#early !== undefined) {
      this.#early.push({ records, nextOffset });
      this.#pause.begin();
      return;
    }
    const { connectorOf } = this.#options;
    const main = (this.#main ??= new OffsetTracker(records[0]?.offset ?? nextOffset, releasesPartitionOffset));
    for (const record of records) {
      if (record.offset < main.position) continue;
      const group = this.#connectorOf(connectorOf(record), main.position);
      // After a restart a cursor may be ahead of the committed offset: what is below it is finished.
      const isOver = record.offset < group.tracker.position;
      if (group.isLagging || isOver) main.advanceTo(record.offset + 1n);
      else this.#take(group, record, true);
    }
    main.advanceTo(nextOffset);
    if (main.pendingCount === 0) this.#declare();
    this.#makeRoom();
  }

  idle(): Promise<void> {
    return this.#waiters.wait();
  }

  quiesce(): void {
    if (this.#quiet) return;
    this.#quiet = true;
    this.#lanes.close();
    this.#catchUp.close();
    for (const task of this.#lanes.underWay()) {
      if (task.isEvicted || !this.#options.handler.withdraw(task)) continue;
      this.#unfinished -= 1;
      task.isEvicted = true;
    }
    this.#waiters.wake();
  }

  async stop(): Promise<void> {
    this.quiesce();
    for (const task of this.#lanes.underWay()) {
      if (!task.isEvicted) this.#options.handler.abort(task);
    }
    this.#unfinished = 0;
    this.#waiters.wake();
    await this.#catchUp.ended();
  }

  review(): void {
    const main = this.#main;
    if (this.#quiet || main === undefined) return;
    const { limits, nowMs } = this.#options;
    const holding = groupThatHoldsBack(main, limits, nowMs());
    if (holding !== undefined) this.#beginLag(holding, 'holds-offset');
    this.#makeRoom();
    this.#catchUp.poke();
  }

  cursors(): ReadonlyMap<string, bigint> {
    return new Map([...this.#cursors].map(([name, group]) => [name, group.tracker.committableOffset]));
  }

  recordCount(): number {
    return [...this.#groups.values()].reduce((sum, { records }) => sum + records, 0);
  }

  laneCount(): number {
    return this.#lanes.laneCount;
  }

  position(): bigint | undefined {
    return this.#main?.position;
  }

  released(task: LaneTask<State>): void {
    if (task.lane !== undefined) this.#lanes.next(task.lane);
    this.#waiters.wake();
  }

  finished(task: LaneTask<State>): void {
    const { group } = task;
    this.#unfinished -= 1;
    this.#waiters.wake();
    if (task.isEvicted) return;
    this.#inHand.remove(task);
    const cursorMoved = group.tracker.settle() && this.#cursors.has(group.name);
    const mainMoved = task.isMain && this.#main?.settle() === true;
    if (cursorMoved || mainMoved) this.#declareSoon();
    if (group.isLagging) this.#catchUp.poke();
    else if (group.records === 0 && !this.#cursors.has(group.name)) this.#groups.delete(group.name);
    this.#pause.endAtHalf(this.#inHand.main);
  }

  failed(task: LaneTask<State>, fault: unknown): void {
    this.#unfinished -= 1;
    if (task.lane !== undefined) this.#lanes.stand(task.lane);
    this.#options.session.fail(fault);
    this.#waiters.wake();
  }

  async #restore(restore: NonNullable<LaneProcessorOptions<State>['restore']>): Promise<void> {
    try {
      const { nextOffset, metadata } = await restore();
      const early = this.#early ?? [];
      this.#early = undefined;
      if (this.#quiet) return;
      const cursors = decodeConnectorOffsets(metadata) ?? new Map<string, bigint>();
      if (nextOffset !== undefined) this.#main = new OffsetTracker(nextOffset, releasesPartitionOffset);
      for (const [name, offset] of cursors) {
        const group = this.#connectorOf(name, offset);
        group.isLagging = true;
        this.#cursors.set(name, group);
        this.#options.onLag?.(name, 'restored');
      }
      for (const { records, nextOffset } of early) this.enqueue(records, nextOffset);
      this.#pause.endAtHalf(this.#inHand.main);
      this.#catchUp.poke();
    } catch (fault) {
      if (!this.#options.session.signal.aborted) this.#options.session.fail(fault);
    }
  }

  #connectorOf(name: string, position: bigint): ConnectorQueue<State> {
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = openGroup(name, position);
      this.#groups.set(name, group);
    }
    return group;
  }

  #take(group: ConnectorQueue<State>, record: ConsumedRecord, isMain: boolean): void {
    const { laneOf, nowMs } = this.#options;
    const sizeBytes = recordSizeBytes(record);
    const task = new LaneTask(record, group, sizeBytes, nowMs(), isMain, this);
    group.tracker.track(task);
    if (isMain) this.#main?.track(task);
    this.#inHand.add(task);
    const lane = this.#lanes.add(laneOf(record), task);
    task.lane = lane;
    this.#lanes.run(lane);
  }

  /**
   * A full buffer must not keep the rest of the partition unread: nobody can know whose records are there. So the largest
   * group makes room.
   */
  #makeRoom(): void {
    const { limits } = this.#options;
    for (;;) {
      const group = groupThatFills(this.#inHand.main, this.#groups.values(), limits);
      if (group === undefined) return;
      if (this.#cursors.size >= limits.maxLaggingConnectors && !this.#cursors.has(group.name))
        return this.#pause.begin();
      this.#beginLag(group, 'fills-buffer');
    }
  }

  #lagWindow(group: ConnectorQueue<State>): Amount {
    return lagWindow(this.#options.limits, this.#inHand.apartOfOthers(group));
  }

  /** From here on the partition goes on without the group. What is in hand beyond the window is forgotten, and read again. */
  #beginLag(group: ConnectorQueue<State>, reason: LagReason): void {
    const main = this.#main;
    if (main === undefined || group.isLagging) return;
    const { limits, handler, onLag } = this.#options;
    group.isLagging = true;
    group.tracker.advanceTo(main.position);
    for (const task of group.tracker.pending()) this.#inHand.setApart(task);
    if (!this.#cursors.has(group.name)) this.#cursors.set(group.name, group);
    const window = handler.isBlocked(group.name)
      ? { records: limits.windowRecords, bytes: limits.windowBytes }
      : this.#lagWindow(group);
    for (const task of group.tracker.forgetAfter(countWithin(group.tracker.pending(), window))) this.#forget(task);
    main.settle();
    this.#declare();
    this.#pause.endAtHalf(this.#inHand.main);
    onLag?.(group.name, reason);
  }

  #forget(task: LaneTask<State>): void {
    task.isEvicted = true;
    if (task.isDone) return;
    this.#inHand.remove(task);
    const { lane } = task;
    if (lane === undefined || task.isReleased) return;
    if (lane.items[lane.head] !== task || !lane.busy) {
      this.#lanes.remove(lane, ({ isEvicted }) => isEvicted);
    } else if (this.#options.handler.withdraw(task)) {
      // All that follows it in the lane is newer still, and so forgotten: nothing starts before the records come again.
      this.#unfinished -= 1;
      task.isReleased = true;
      this.#lanes.remove(lane, () => true);
      this.#lanes.next(lane);
    }
    // Else its effect is under way: it keeps its lane until that ends, and what is read again comes behind it.
  }

  #endLag(group: ConnectorQueue<State>): void {
    group.isLagging = false;
    this.#options.onLag?.(group.name, undefined);
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
      // A group that follows again has its cursor until what it had in hand by it is finished.
      if (isLagging || tracker.first?.isMain === false) cursors.set(name, tracker.committableOffset);
      else this.#cursors.delete(name);
    }
    const { nextOffset, metadata } = commitOf(main.committableOffset, cursors);
    session.storeOffset(nextOffset, metadata);
  }

  #isIdle(): boolean {
    if (this.#unfinished > 0) return false;
    return this.#quiet || (this.#lanes.waitingCount === 0 && this.#early === undefined && !this.#catchUp.isReading());
  }
}
