import type { ReplayMark } from '@astrolabe/processing';
import type { ConsumedRecord } from '@astrolabe/records';
import type { ReplayOutcome } from '../../core/replay/known-outcome.ts';

/** What a cursor is to read next. */
export type NextRange =
  | { readonly kind: 'range'; readonly fromOffset: bigint; readonly endOffset: bigint }
  /** Nothing is there now; undefined: until somebody knows of more. */
  | { readonly kind: 'wait'; readonly ms: number | undefined }
  | { readonly kind: 'over' };

/** What is done with a record of a replay. */
export type SortedRecord =
  | { readonly kind: 'run'; readonly record: ConsumedRecord; readonly mark: ReplayMark }
  | { readonly kind: 'skip'; readonly replayId: string; readonly outcome: ReplayOutcome };

/** How many records of a replay were lost. */
export interface LostRecords {
  readonly replayId: string;
  readonly records: number;
}

/** What a cursor reads, and what it is to do with it. Called by one cursor. */
export interface CursorSource {
  readonly topic: string;
  /** Rejects with the signal's reason, or with a fault. */
  next(position: bigint, signal: AbortSignal): NextRange | Promise<NextRange>;
  /**
   * Whether the live records that the record must not overtake have their places in the lanes: a live command that came
   * behind a later one of its user would undo it.
   */
  isDue(record: ConsumedRecord): boolean;
  /** Called once for each record, in order. A promise where a schema has to be looked up first. */
  sort(record: ConsumedRecord): SortedRecord | Promise<SortedRecord>;
  /** For how long no record may be taken; undefined: take one now. */
  waitMs(): number | undefined;
  /** Whose the records were that cannot be read, or that expired: that many offsets. */
  lost(offsets: number): readonly LostRecords[];
}
