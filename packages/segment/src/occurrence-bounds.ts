/**
 * Times that cannot be: clocks that were never set (1970), years in nanoseconds, dates typed wrong. They are moved to a bound
 * rather than refused, because the rest of such an event is as good as any. The bounds keep "newest wins" working: a value
 * from the year 2099 would beat every update of the next decades.
 */
import type { EventCommon } from './event.ts';
import { occurrenceOf, parseTimestamp, type Occurrence } from './timestamps.ts';

/** 2000-01-01T00:00:00Z: no product event is older, and every clock that starts at an epoch is. */
export const earliestOccurrenceMs = 946_684_800_000;

/** A day: clocks differ by time zones when they are set wrong, and Segment's own rule may give times in the future. */
export const maxFutureMs = 86_400_000;

export type ClampReason =
  /** Counts as `earliestOccurrenceMs`. */
  | 'before-2000'
  /** More than `maxFutureMs` after the receipt; counts as the time of receipt. */
  | 'far-future';

export interface ClampedTime {
  readonly reason: ClampReason;
  /** The time that was replaced: as it was sent, or as ISO 8601 where the rule for wrong clocks had computed it. */
  readonly original: string;
}

export interface BoundedOccurrence {
  /** Epoch milliseconds, never before 2000 and never more than a day after the receipt. */
  readonly atMs: number;
  /** Undefined for nearly every event: the time is the event's own. */
  readonly clamped: ClampedTime | undefined;
}

type EventTimeFields = Pick<EventCommon, 'timestamp' | 'originalTimestamp' | 'sentAt' | 'receivedAt'>;

/** `occurrenceOf`, within the bounds. Total. `receivedAtMs` is when ingest took the event, by its own clock. */
export function boundedOccurrenceOf(event: EventTimeFields, receivedAtMs: number): BoundedOccurrence {
  const occurrence = occurrenceOf(event, receivedAtMs);
  const { atMs } = occurrence;
  if (atMs > receivedAtMs + maxFutureMs) {
    const clamped: ClampedTime = { reason: 'far-future', original: originalText(event, occurrence) };
    return { atMs: Math.max(receivedAtMs, earliestOccurrenceMs), clamped };
  }
  if (atMs < earliestOccurrenceMs) {
    const clamped: ClampedTime = { reason: 'before-2000', original: originalText(event, occurrence) };
    return { atMs: earliestOccurrenceMs, clamped };
  }
  return { atMs, clamped: undefined };
}

function originalText(event: EventTimeFields, { atMs, basis }: Occurrence): string {
  const sent =
    basis === 'corrected-upstream' || basis === 'as-sent'
      ? [event.timestamp, event.originalTimestamp].find((value) => parseTimestamp(value) === atMs)
      : undefined;
  return typeof sent === 'string' || typeof sent === 'number' ? String(sent).trim() : new Date(atMs).toISOString();
}
