/**
 * Replayed records of one source in the order of their offsets: those that run in the lanes, and between them how many
 * were not run. They are apart from the partition's own buffer, offset and cursors: nothing of a replay holds those.
 * Memory: the records in hand, and one entry for all that was skipped between two of them. The caller bounds the
 * records in hand.
 */
import { recordSizeBytes, type ConsumedRecord } from '@astrolabe/records';
import type { LaneRunner } from '../lane-runner.ts';
import { ReplayedTask, type Amount, type LaneTaskEvents, type ReplayMark } from '../lane-task.ts';
import type { ReplayLineOptions, ReplayedRecords } from './replayed-records.ts';
import { SkippedRecords } from './skipped-records.ts';

type Entry<State, Outcome extends string> = RunRecord<State, Outcome> | SkippedRecords<Outcome>;

/** A record in a lane, and its outcome once it has one. */
class RunRecord<State, Outcome extends string> {
  readonly offset: bigint;
  readonly replayId: string;
  /** Undefined once it has ended: what it holds need not wait for those before it. */
  task: ReplayedTask<State> | undefined;
  outcome: Outcome | undefined = undefined;

  constructor(task: ReplayedTask<State>) {
    this.offset = task.offset;
    this.replayId = task.replay.replayId;
    this.task = task;
  }
}

/** Entries that have ended are dropped, or put together, in batches. */
const DROP_AFTER = 256;

export class ReplayLine<State, Outcome extends string>
  implements ReplayedRecords<Outcome>, LaneTaskEvents<ReplayedTask<State>>
{
  readonly #options: ReplayLineOptions<State, Outcome>;
  readonly #runner: LaneRunner<State>;
  readonly #connectorOf: (record: ConsumedRecord) => string;
  #entries: Entry<State, Outcome>[] = [];
  /** Index of the first entry that has not ended. */
  #head = 0;
  readonly #running = new Map<ReplayedTask<State>, RunRecord<State, Outcome>>();
  #position: bigint;
  #bytes = 0;
  #isTelling = false;
  #abandoned: PromiseWithResolvers<void> | undefined;

  constructor(
    options: ReplayLineOptions<State, Outcome>,
    runner: LaneRunner<State>,
    connectorOf: (record: ConsumedRecord) => string,
  ) {
    this.#options = options;
    this.#runner = runner;
    this.#connectorOf = connectorOf;
    this.#position = options.position;
  }

  get position(): bigint {
    return this.#position;
  }

  get doneTo(): bigint {
    return this.#entries[this.#head]?.offset ?? this.#position;
  }

  get inHand(): Amount {
    return { records: this.#running.size, bytes: this.#bytes };
  }

  take(record: ConsumedRecord, mark: ReplayMark): void {
    if (this.#runner.isQuiet || this.#abandoned !== undefined) return;
    const { offset } = record;
    if (offset < this.#position) throw new Error(`offset ${offset} was replayed before: position is ${this.#position}`);
    const task = new ReplayedTask<State>(record, this.#connectorOf(record), recordSizeBytes(record), mark, this);
    const entry = new RunRecord<State, Outcome>(task);
    this.#entries.push(entry);
    this.#running.set(task, entry);
    this.#bytes += task.sizeBytes;
    this.#position = offset + 1n;
    this.#runner.addReplayed(task);
  }

  skip(replayId: string, outcome: Outcome, nextOffset: bigint, records: number): void {
    if (this.#runner.isQuiet || this.#abandoned !== undefined) return;
    if (this.#entries.length === 0) {
      this.#options.onDone(replayId, outcome, records);
    } else {
      let last = this.#entries.at(-1);
      if (!(last instanceof SkippedRecords)) {
        last = new SkippedRecords<Outcome>(this.#position);
        this.#entries.push(last);
      }
      last.add(replayId, outcome, records);
    }
    this.advanceTo(nextOffset);
  }

  advanceTo(nextOffset: bigint): void {
    if (this.#runner.isQuiet || this.#abandoned !== undefined) return;
    if (nextOffset <= this.#position) return;
    this.#position = nextOffset;
    if (this.#entries.length === 0) this.#tellSoon();
  }

  drop(isGone: (mark: ReplayMark) => boolean, outcome: Outcome): void {
    for (const [task, entry] of [...this.#running]) {
      if (entry.outcome === undefined && isGone(task.replay) && this.#runner.drop(task)) {
        this.#end(task, entry, outcome);
      }
    }
    this.#settle();
  }

  async abandon(): Promise<void> {
    if (this.#abandoned === undefined) {
      this.#abandoned = Promise.withResolvers();
      for (const task of [...this.#running.keys()]) if (this.#runner.drop(task)) this.#forget(task);
      this.#resolveIfOver(this.#abandoned);
    }
    await this.#abandoned.promise;
  }

  waits(task: ReplayedTask<State>): void {
    this.#runner.waits(task);
  }

  released(task: ReplayedTask<State>): void {
    this.#runner.released(task);
  }

  finished(task: ReplayedTask<State>): void {
    this.#runner.ended();
    const entry = this.#running.get(task);
    if (task.isEvicted || entry === undefined) return;
    this.#end(task, entry, this.#options.outcomeOf(task));
    this.#settle();
  }

  failed(task: ReplayedTask<State>, fault: unknown): void {
    this.#runner.failed(task, fault);
  }

  #end(task: ReplayedTask<State>, entry: RunRecord<State, Outcome>, outcome: Outcome): void {
    entry.outcome = outcome;
    entry.task = undefined;
    this.#forget(task);
    if (this.#abandoned !== undefined) this.#resolveIfOver(this.#abandoned);
  }

  /** What was abandoned stays among the entries: it holds `doneTo`. */
  #forget(task: ReplayedTask<State>): void {
    this.#running.delete(task);
    this.#bytes -= task.sizeBytes;
  }

  #resolveIfOver({ resolve }: PromiseWithResolvers<void>): void {
    if (this.#running.size === 0) queueMicrotask(resolve);
  }

  #settle(): void {
    const { onDone } = this.#options;
    for (let entry = this.#entries[this.#head]; entry !== undefined; entry = this.#entries[this.#head]) {
      if (entry instanceof SkippedRecords) entry.forEach(onDone);
      else if (entry.outcome === undefined) break;
      else onDone(entry.replayId, entry.outcome, 1);
      this.#head += 1;
    }
    if (this.#head === this.#entries.length) {
      this.#entries = [];
      this.#head = 0;
    } else if (this.#head >= DROP_AFTER && this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    const pending = this.#entries.length - this.#head;
    // Put together, there are about two for each record that has not ended.
    if (pending >= 4 * this.#running.size + DROP_AFTER) this.#putTogether();
    this.#tellSoon();
  }

  /** A record that takes hours must not keep an entry for each that has ended behind it. */
  #putTogether(): void {
    const entries: Entry<State, Outcome>[] = [];
    for (const entry of this.#entries.slice(this.#head)) {
      if (entry instanceof RunRecord && entry.outcome === undefined) {
        entries.push(entry);
        continue;
      }
      let last = entries.at(-1);
      if (!(last instanceof SkippedRecords)) {
        last = new SkippedRecords<Outcome>(entry.offset);
        entries.push(last);
      }
      const { add } = last;
      if (entry instanceof SkippedRecords) entry.forEach(add);
      else if (entry.outcome !== undefined) add(entry.replayId, entry.outcome, 1);
    }
    this.#entries = entries;
    this.#head = 0;
  }

  #tellSoon(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      this.#options.onChange();
    });
  }
}
