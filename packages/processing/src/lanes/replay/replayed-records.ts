/** What those need of a line of replayed records who read them (`replay-line.ts`). */
import type { ConsumedRecord } from '@astrolabe/records';
import type { Amount, LaneTask, ReplayMark } from '../lane-task.ts';

/** `Outcome`: the names of what may become of a record. */
export interface ReplayLineOptions<State, Outcome extends string> {
  /** The first offset that is to be taken. */
  readonly position: bigint;
  /** What became of the record of a task that has finished. */
  readonly outcomeOf: (task: LaneTask<State>) => Outcome;
  /** Called once for each record, when it is below `doneTo`; for many at once where they were skipped. */
  readonly onDone: (replayId: string, outcome: Outcome, records: number) => void;
  /** Records have ended: there is room, and `doneTo` may have moved. Once for all that end together. */
  readonly onChange: () => void;
}

/**
 * Records of replays on their way through the lanes, each from its taking to its end. Offsets rise: what is below
 * `position` was taken or skipped.
 */
export interface ReplayedRecords<Outcome extends string> {
  readonly position: bigint;
  /** Every record below it has come to its end. */
  readonly doneTo: bigint;
  /** Of the records that have not ended, those that are behind them not counted. */
  readonly inHand: Amount;
  /** Runs the record in the lane of its key, behind all that is live. */
  take(record: ConsumedRecord, mark: ReplayMark): void;
  /** `records` from `position` up to `nextOffset`, all of one replay, are not run. */
  skip(replayId: string, outcome: Outcome, nextOffset: bigint, records: number): void;
  /** Up to `nextOffset` there is nothing. */
  advanceTo(nextOffset: bigint): void;
  /** The records for which `isGone` holds end with that outcome, unless their effect is under way. */
  drop(isGone: (mark: ReplayMark) => boolean, outcome: Outcome): void;
  /**
   * Nothing more is started, and what only waits is given up, to be taken again from `doneTo` on. Resolves when nothing
   * is under way: `doneTo` does not move any more.
   */
  abandon(): Promise<void>;
}
