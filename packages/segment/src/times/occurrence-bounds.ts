/**
 * Impossible times: clocks that were never set (1970), years in nanoseconds, mistyped dates. They are moved to a bound
 * rather than refused, because the rest of such an event is valid. The bounds keep "newest wins" working: a value from
 * the year 2099 would beat every update of the next decades.
 */
import type { EventCommon } from '../events/event.ts';
import { occurrenceOf, parseTimestamp, type Occurrence } from './timestamps.ts';

/** 2000-01-01T00:00:00Z: no product event is older, and every clock that starts at an epoch is. */
export const earliestOccurrenceMs = 946_684_800_000;

/**
 * A day: clocks differ by time zones when they are set wrong. A time further ahead is not a clock error but not a time
 * at all.
 */
export const maxFutureMs = 86_400_000;

export type ClampReason =
  /** Counts as `earliestOccurrenceMs`. */
  | 'before-2000'
  /** After the receipt; counts as the time of receipt. Segment's own rule for wrong clocks may give such times. */
  | 'after-receipt'
  /** More than `maxFutureMs` after the receipt; counts as the time of receipt. */
  | 'far-future'
  /** The event's time cannot be read; counts as the time of receipt. */
  | 'unreadable';

export interface ClampedTime {
  readonly reason: ClampReason;
  /** The time that was replaced: as it was sent, or as ISO 8601 if the rule for wrong clocks computed it. */
  readonly original: string;
}

export interface BoundedOccurrence {
  /** Epoch milliseconds, never before 2000 and never after the receipt. */
  readonly atMs: number;
  /** Undefined for nearly every event: the time is the event's own. */
  readonly clamped: ClampedTime | undefined;
}

type EventTimeFields = Pick<EventCommon, 'timestamp' | 'originalTimestamp' | 'sentAt' | 'receivedAt'>;

/**
 * `occurrenceOf`, within the bounds. Total. `receivedAtMs` is when the event was received. Nothing can have happened
 * after that: a later time would override everything received until then, including a deletion. Events that are moved
 * to one moment of receipt have the same time, like events without a time.
 */
export function boundedOccurrenceOf(event: EventTimeFields, receivedAtMs: number): BoundedOccurrence {
  const occurrence = occurrenceOf(event, receivedAtMs);
  const { atMs } = occurrence;
  if (atMs > receivedAtMs) {
    const reason = atMs > receivedAtMs + maxFutureMs ? 'far-future' : 'after-receipt';
    const clamped: ClampedTime = { reason, original: originalText(event, occurrence) };
    return { atMs: Math.max(receivedAtMs, earliestOccurrenceMs), clamped };
  }
  if (atMs < earliestOccurrenceMs) {
    const clamped: ClampedTime = { reason: 'before-2000', original: originalText(event, occurrence) };
    return { atMs: earliestOccurrenceMs, clamped };
  }
  return { atMs, clamped: occurrence.basis === 'received' ? unreadableTime(event) : undefined };
}

const MAX_ORIGINAL_CHARACTERS = 100;

function unreadableTime({ timestamp, originalTimestamp }: EventTimeFields): ClampedTime | undefined {
  const sent = [timestamp, originalTimestamp].find((value) => value !== undefined && value !== null && value !== '');
  if (sent === undefined) return undefined;
  const text = typeof sent === 'object' ? (Array.isArray(sent) ? 'an array' : 'an object') : String(sent);
  return { reason: 'unreadable', original: text.slice(0, MAX_ORIGINAL_CHARACTERS).toWellFormed() };
}

function originalText(event: EventTimeFields, { atMs, basis }: Occurrence): string {
  const sent =
    basis === 'corrected-upstream' || basis === 'as-sent'
      ? [event.timestamp, event.originalTimestamp].find((value) => parseTimestamp(value) === atMs)
      : undefined;
  return typeof sent === 'string' || typeof sent === 'number' || typeof sent === 'bigint'
    ? String(sent).trim()
    : new Date(atMs).toISOString();
}
