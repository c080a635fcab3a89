/**
 * Times as Segment's senders write them, and Segment's rule for clocks that are wrong. Source: segment-docs
 * `src/connections/spec/common.md` ("Timestamps"); formats from the SDKs' sources: JavaScript `toISOString`, Python
 * `isoformat()` (`+00:00`, microseconds), Go v2 (`+0000`, no colon), Ruby `Time#to_s`, .NET (seven decimals).
 */
import type { EventCommon } from '../events/event.ts';
import { parseRareForm } from './timestamp-forms.ts';

/** Below this a bare number counts seconds: as milliseconds it would be before March 1973. */
const SMALLEST_EPOCH_MS = 100_000_000_000;
/** From here on it counts microseconds, and nanoseconds: as milliseconds it would be after the year 5138. */
const SMALLEST_EPOCH_US = 100_000_000_000_000;
const SMALLEST_EPOCH_NS = 100_000_000_000_000_000;

/** The largest time value of ECMAScript, ±100,000,000 days. */
const LARGEST_TIME_MS = 8_640_000_000_000_000;

const dateTime =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?: ?([Zz]|UTC|GMT|[-+]\d{2}(?::?\d{2})?))?)?$/;
const epoch = /^\d{9,20}(?:\.\d{1,20})?$/;

/**
 * Epoch milliseconds of a timestamp, or undefined if it is not one. Fractions below a millisecond are cut off. A time
 * without an offset is UTC, as Segment reads it; a bare number (or its text) is an epoch's seconds, milliseconds,
 * microseconds or nanoseconds.
 */
export function parseTimestamp(value: unknown): number | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return fromEpoch(Number(value));
  if (typeof value !== 'string') return undefined;
  const usual = parseUsualForm(value);
  if (usual !== undefined) return usual;
  const text = value.trim();
  const match = dateTime.exec(text);
  if (match === null) return epoch.test(text) ? fromEpoch(Number(text)) : parseRareForm(text);
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', offset = 'Z'] = match;
  const millisecond = Number(fraction.slice(0, 3).padEnd(3, '0'));
  const isLeapSecond = second === '60';
  if (hour === '24') return parseRareForm(text);
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

const DAYS_OF_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/**
 * `2026-03-01T10:00:00.000Z`, the form of nearly every event, without the cost of a regular expression. Undefined for
 * any other text and for dates that need a second look (29 February, years before 100); `dateTime` reads those.
 */
function parseUsualForm(text: string): number | undefined {
  if (text.length !== 24 || text[4] !== '-' || text[7] !== '-' || text[10] !== 'T') return undefined;
  if (text[13] !== ':' || text[16] !== ':' || text[19] !== '.' || text[23] !== 'Z') return undefined;
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  const millisecond = twoDigits(text, 20) * 10 + digit(text, 22);
  const isUsual =
    year >= 100 &&
    day >= 1 &&
    day <= (DAYS_OF_MONTH[month - 1] ?? 0) &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59 &&
    millisecond <= 999;
  return isUsual ? Date.UTC(year, month - 1, day, hour, minute, second, millisecond) : undefined;
}

/** NaN, which fails every comparison, if one of the two is not a digit. */
function twoDigits(text: string, at: number): number {
  return digit(text, at) * 10 + digit(text, at + 1);
}

function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - 48;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}

function fromEpoch(value: number): number | undefined {
  if (!Number.isFinite(value) || value < 0) return undefined;
  const ms = Math.trunc(value * millisecondsOf(value));
  return ms <= LARGEST_TIME_MS ? ms : undefined;
}

/** Milliseconds of the unit that a number of this size counts. */
function millisecondsOf(value: number): number {
  if (value < SMALLEST_EPOCH_MS) return 1_000;
  if (value < SMALLEST_EPOCH_US) return 1;
  return value < SMALLEST_EPOCH_NS ? 1e-3 : 1e-6;
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
   * - `corrected-upstream`: Segment has already applied the rule and sent `originalTimestamp` with the result
   * - `as-sent`: the sender's timestamp; without `sentAt`, or without the event's own `receivedAt`, its clock cannot be
   *   judged
   * - `received`: the event carries no readable timestamp
   */
  readonly basis: 'corrected' | 'corrected-upstream' | 'as-sent' | 'received';
}

/**
 * Segment's rule: `timestamp = receivedAt − (sentAt − originalTimestamp)`, which assumes that the sender's clock was
 * wrong by as much when it sent as when the event happened. The result may be in the future.
 *
 * The rule needs the event's own `receivedAt`, which ingest adds if it is missing. Without it the event reached the
 * topic in another way, perhaps years later: the time of its record says nothing about the sender's clock. It would
 * move an old event to the present, where it would overwrite newer data. `receivedAtMs` is that time; it is used if the
 * event has no time at all.
 */
export function occurrenceOf(
  event: Pick<EventCommon, 'timestamp' | 'originalTimestamp' | 'sentAt' | 'receivedAt'>,
  receivedAtMs: number,
): Occurrence {
  const timestampMs = parseTimestamp(event.timestamp);
  const originalMs = parseTimestamp(event.originalTimestamp);
  if (timestampMs !== undefined && originalMs !== undefined) return { atMs: timestampMs, basis: 'corrected-upstream' };
  const happenedMs = originalMs ?? timestampMs;
  const arrivedMs = parseTimestamp(event.receivedAt);
  if (happenedMs === undefined) return { atMs: arrivedMs ?? receivedAtMs, basis: 'received' };
  if (arrivedMs === undefined) return { atMs: happenedMs, basis: 'as-sent' };
  return correctSkew(happenedMs, parseTimestamp(event.sentAt), arrivedMs);
}

/**
 * The times that a stored event carries: `originalTimestamp` as its sender wrote it, and `timestamp` by Segment's rule.
 * - `absent`: the sender gave no time, so both are the time of receipt
 * - `corrected`: `timestamp` is the result of the rule; the sender's own value becomes `originalTimestamp`
 * - `given`: `originalTimestamp` is present, so Segment has already applied the rule and nothing changes
 * - `unreadable`: `timestamp` cannot be read, or the result does not fit a four-digit year; nothing changes
 */
export type EventTimes =
  | { readonly kind: 'absent'; readonly receivedAt: string }
  | { readonly kind: 'corrected'; readonly timestamp: string }
  | { readonly kind: 'given' }
  | { readonly kind: 'unreadable' };

/**
 * What ingest writes for the event's time; ISO 8601 UTC with milliseconds. An event with these times and the time of
 * receipt has the same `occurrenceOf` as before for every reader. `sentAtMs` is the event's or its batch's, if
 * readable; `receivedAtMs` is when ingest received the event.
 */
export function eventTimesOf(
  event: Pick<EventCommon, 'timestamp' | 'originalTimestamp' | 'receivedAt'>,
  sentAtMs: number | undefined,
  receivedAtMs: number,
): EventTimes {
  if (!isAbsent(event.originalTimestamp)) return { kind: 'given' };
  const isTimeless = isAbsent(event.timestamp);
  const happenedMs = isTimeless ? undefined : parseTimestamp(event.timestamp);
  if (!isTimeless && happenedMs === undefined) return { kind: 'unreadable' };
  const arrivedMs = parseTimestamp(event.receivedAt) ?? receivedAtMs;
  const atMs = happenedMs === undefined ? arrivedMs : correctSkew(happenedMs, sentAtMs, arrivedMs).atMs;
  const text = toIsoText(atMs);
  if (text === undefined) return { kind: 'unreadable' };
  return isTimeless ? { kind: 'absent', receivedAt: text } : { kind: 'corrected', timestamp: text };
}

function isAbsent(field: unknown): boolean {
  return field === undefined || field === null || field === '';
}

/**
 * As `Date.toISOString`, faster while the times are of one day. Undefined outside the years 0 to 9999: ISO 8601 writes
 * those differently, and few readers support that.
 */
export function toIsoText(ms: number): string | undefined {
  if (!(ms >= YEAR_0_MS && ms < YEAR_10000_MS)) return undefined;
  const day = Math.floor(ms / DAY_MS);
  // Almost all events of a process are of one day, and formatting the date takes most of the time.
  if (day !== lastDay.number) lastDay = { number: day, text: new Date(day * DAY_MS).toISOString().slice(0, 11) };
  const time = Math.floor(ms - day * DAY_MS);
  const seconds = Math.floor(time / 1_000);
  const minutes = Math.floor(seconds / 60);
  const hour = Math.floor(minutes / 60);
  return `${lastDay.text}${padTwo(hour)}:${padTwo(minutes % 60)}:${padTwo(seconds % 60)}.${padThree(time % 1_000)}Z`;
}

const DAY_MS = 86_400_000;
let lastDay = { number: Number.NaN, text: '' };

function padTwo(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}

function padThree(value: number): string {
  return value < 100 ? `0${padTwo(value)}` : `${value}`;
}

const YEAR_0_MS = Date.parse('0000-01-01T00:00:00.000Z');
const YEAR_10000_MS = Date.parse('+010000-01-01T00:00:00.000Z');

function correctSkew(happenedMs: number, sentMs: number | undefined, arrivedMs: number): Occurrence {
  if (sentMs === undefined) return { atMs: happenedMs, basis: 'as-sent' };
  const correctedMs = arrivedMs - (sentMs - happenedMs);
  return Math.abs(correctedMs) <= LARGEST_TIME_MS
    ? { atMs: correctedMs, basis: 'corrected' }
    : { atMs: happenedMs, basis: 'as-sent' };
}
