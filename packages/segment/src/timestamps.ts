/**
 * Times as Segment's senders write them, and Segment's rule for clocks that are wrong.
 * Source: segment-docs `src/connections/spec/common.md` ("Timestamps"); formats from the SDKs' sources: JavaScript
 * `toISOString`, Python `isoformat()` (`+00:00`, microseconds), Go v2 (`+0000`, no colon), Ruby `Time#to_s`, .NET (seven
 * decimals).
 */
import type { EventCommon } from './event.ts';

/** Below this a bare number counts seconds: as milliseconds it would be before March 1973. */
const SMALLEST_EPOCH_MS = 100_000_000_000;

/** The largest time value of ECMAScript, ±100,000,000 days. */
const LARGEST_TIME_MS = 8_640_000_000_000_000;

const dateTime =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?: ?([Zz]|UTC|GMT|[-+]\d{2}(?::?\d{2})?))?)?$/;
const epoch = /^\d{9,16}(?:\.\d+)?$/;

/**
 * Epoch milliseconds of a timestamp, or undefined for what is none. Fractions below a millisecond are cut off. A time
 * without an offset is UTC, as Segment reads it; a bare number (or its text) is epoch seconds or milliseconds.
 */
export function parseTimestamp(value: unknown): number | undefined {
  if (typeof value === 'number') return fromEpoch(value);
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  const match = dateTime.exec(text);
  if (match === null) return epoch.test(text) ? fromEpoch(Number(text)) : undefined;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', offset = 'Z'] = match;
  const millisecond = Number(fraction.slice(0, 3).padEnd(3, '0'));
  const isLeapSecond = second === '60';
  if (Number(hour) > 23 || Number(minute) > 59 || (Number(second) > 59 && !isLeapSecond)) return undefined;
  const midnight = new Date(0);
  midnight.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  // A day that the month lacks would roll over into the next one.
  if (midnight.getUTCMonth() !== Number(month) - 1 || midnight.getUTCDate() !== Number(day)) return undefined;
  const offsetMs = parseOffset(offset);
  if (offsetMs === undefined) return undefined;
  const timeOfDayMs = ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000 + millisecond;
  return midnight.getTime() + timeOfDayMs - offsetMs;
}

function fromEpoch(value: number): number | undefined {
  if (!Number.isFinite(value) || value < 0) return undefined;
  const ms = Math.trunc(value < SMALLEST_EPOCH_MS ? value * 1000 : value);
  return ms <= LARGEST_TIME_MS ? ms : undefined;
}

function parseOffset(text: string): number | undefined {
  const sign = text.startsWith('-') ? -1 : text.startsWith('+') ? 1 : 0;
  if (sign === 0) return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(3).replace(':', '') || '0');
  return hours > 23 || minutes > 59 ? undefined : sign * (hours * 60 + minutes) * 60_000;
}

/** When an event happened, and how that is known. */
export interface Occurrence {
  readonly atMs: number;
  /**
   * - `corrected`: by the skew rule, here
   * - `corrected-upstream`: Segment has applied the rule already and sent `originalTimestamp` beside the result
   * - `as-sent`: the sender's timestamp; without `sentAt` its clock cannot be judged
   * - `received`: the event carries no readable timestamp
   */
  readonly basis: 'corrected' | 'corrected-upstream' | 'as-sent' | 'received';
}

/**
 * Segment's rule: `timestamp = receivedAt − (sentAt − originalTimestamp)`, which assumes that the sender's clock was wrong
 * by as much when it sent as when the event happened. The result may lie in the future. `receivedAtMs` is when ingest took
 * the event, used where the event's own `receivedAt` is absent or unreadable.
 */
export function occurrenceOf(
  event: Pick<EventCommon, 'timestamp' | 'originalTimestamp' | 'sentAt' | 'receivedAt'>,
  receivedAtMs: number,
): Occurrence {
  const timestampMs = parseTimestamp(event.timestamp);
  const originalMs = parseTimestamp(event.originalTimestamp);
  if (timestampMs !== undefined && originalMs !== undefined) return { atMs: timestampMs, basis: 'corrected-upstream' };
  const happenedMs = originalMs ?? timestampMs;
  const arrivedMs = parseTimestamp(event.receivedAt) ?? receivedAtMs;
  if (happenedMs === undefined) return { atMs: arrivedMs, basis: 'received' };
  const sentMs = parseTimestamp(event.sentAt);
  if (sentMs === undefined) return { atMs: happenedMs, basis: 'as-sent' };
  const correctedMs = arrivedMs - (sentMs - happenedMs);
  return Math.abs(correctedMs) <= LARGEST_TIME_MS
    ? { atMs: correctedMs, basis: 'corrected' }
    : { atMs: happenedMs, basis: 'as-sent' };
}
