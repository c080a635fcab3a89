/** What an outcome in the ledger means for a record that is about to be called for. Pure. */
import { replayedOffsetOf, toReplayedOffset } from '@astrolabe/records';
import type { DispatcherCounts } from '@astrolabe/replay';

/** What may become of a replayed command. */
export type ReplayOutcome = keyof DispatcherCounts;

/** Of the ledger. */
interface KnownOutcome {
  readonly outcome: 'delivered' | 'duplicate' | 'dead-lettered';
  /** Of the record that it is the outcome of. */
  readonly offset: bigint;
  readonly atMs: number;
}

/** A record of a command, as the ledger sees it. */
export interface LedgerRecord {
  /** On its topic. */
  readonly offset: bigint;
  /** Undefined for what was read by the consumer group. */
  readonly replay: { readonly startedAtMs: number; readonly isOfOwnTopic: boolean } | undefined;
  /** It has an id of its own for its replay: what the ledger has under it is of no other. */
  readonly isForced: boolean;
}

/** The offset under which the outcome of a record is recorded. */
export function recordedOffset({ offset, replay }: Pick<LedgerRecord, 'offset' | 'replay'>): bigint {
  return replay?.isOfOwnTopic === true ? toReplayedOffset(offset) : offset;
}

/**
 * Whether nothing is to be called for. What was delivered is never called for again; a dead letter is, where somebody
 * asked for it after it was recorded: by a redrive, which is at a later offset, or by a replay. One whose own record is
 * read again is not.
 */
export function isEndOf(known: KnownOutcome, record: LedgerRecord): boolean {
  if (known.outcome !== 'dead-lettered') return true;
  if (record.replay !== undefined) {
    const { isOfOwnTopic, startedAtMs } = record.replay;
    // The start is of another machine's clock. On a topic of its own an offset is of one replay.
    const isOwn = record.isForced || (isOfOwnTopic && known.offset === recordedOffset(record));
    return isOwn || known.atMs >= startedAtMs;
  }
  return replayedOffsetOf(known.offset) === undefined && known.offset >= record.offset;
}

/**
 * As what a replayed record counts that the ledger knows: by its own outcome where it was called for before a restart,
 * which reads it again.
 */
export function knownOutcomeOf(known: KnownOutcome, record: LedgerRecord): ReplayOutcome {
  const { replay, isForced } = record;
  const isOwn =
    replay !== undefined &&
    known.offset === recordedOffset(record) &&
    (replay.isOfOwnTopic || isForced || known.atMs >= replay.startedAtMs);
  if (!isOwn) return 'knownToLedger';
  return known.outcome === 'dead-lettered' ? 'deadLettered' : known.outcome;
}
