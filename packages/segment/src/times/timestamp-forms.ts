/**
 * The rarer forms of a time: ISO 8601 in full, and what the languages of SDKs print by default. Ambiguous times are not
 * read: `3/5/2025`, or a zone name that several countries use. Total; a text of more than a hundred characters is not a
 * time.
 */

const MAX_CHARACTERS = 100;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** Epoch milliseconds, or undefined. Fractions below a millisecond are cut off; a time without a zone is UTC. */
export function parseRareForm(text: string): number | undefined {
  if (text.length > MAX_CHARACTERS) return undefined;
  // Java writes a narrow space before AM and PM.
  const plain = text.replace(/[\u00a0\u202f]/g, ' ').replace(/\u2212/g, '-');
  return parseIso(plain) ?? parseWords(plain) ?? parseDayFirst(plain) ?? parseWrapped(plain);
}

type DateForm = readonly [form: RegExp, dayOf: (parts: readonly string[]) => number | undefined];

/** Each reads the beginning of a text. */
const isoDates: readonly DateForm[] = [
  [/^([+-]\d{6}|\d{4})-(\d{2})-(\d{2})(?!\d)/, ([y, m, d]) => calendarDay(Number(y), Number(m), Number(d))],
  // Go's log, nginx
  [/^(\d{4})\/(\d{2})\/(\d{2})(?!\d)/, ([y, m, d]) => calendarDay(Number(y), Number(m), Number(d))],
  [/^(\d{4})(\d{2})(\d{2})(?!\d)/, ([y, m, d]) => calendarDay(Number(y), Number(m), Number(d))],
  [/^(\d{4})-W(\d{2})-([1-7])(?!\d)/, ([y, w, d]) => weekDay(Number(y), Number(w), Number(d))],
  [/^(\d{4})W(\d{2})([1-7])(?!\d)/, ([y, w, d]) => weekDay(Number(y), Number(w), Number(d))],
  [/^(\d{4})-?(\d{3})(?!\d)/, ([y, d]) => ordinalDay(Number(y), Number(d))],
  [/^(\d{4})-(\d{2})$/, ([y, m]) => calendarDay(Number(y), Number(m), 1)],
];

function parseIso(text: string): number | undefined {
  for (const [form, dayOf] of isoDates) {
    const match = form.exec(text);
    if (match === null) continue;
    const dayMs = dayOf(match.slice(1));
    const rest = text.slice(match[0].length);
    if (rest === '' || dayMs === undefined) return dayMs;
    return /^[Tt ]/.test(rest) ? sumOf(dayMs, parseTimeAndZone(rest.slice(1).trimStart())) : undefined;
  }
  return undefined;
}

const monthNames = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];

const monthFirst = /^(?:[a-z]{3,9},? +)?([a-z]{3,9}) +(\d{1,2}),?(?: +(\d{4}),?)?(?: +(\d{1,2}:.*))?$/i;

/**
 * `Wed Mar 05 2025 10:00:00 GMT+0000 (Coordinated Universal Time)` of JavaScript, `Wed Mar 05 10:00:00 UTC 2025` of
 * Java, `date` and Ruby, `Wed Mar 5 10:00:00 2025` of C, `Mar 5, 2025, 10:00:00 AM` of Java's DateFormat.
 */
function parseWords(text: string): number | undefined {
  const match = monthFirst.exec(text);
  if (match === null) return undefined;
  const [, month = '', day, year, time] = match;
  if (year !== undefined) {
    const dayMs = calendarDay(Number(year), monthOf(month), Number(day));
    return time === undefined ? dayMs : sumOf(dayMs, parseTimeAndZone(time));
  }
  const last = /^(.*) (\d{4})$/.exec(time ?? '');
  if (last === null) return undefined;
  const dayMs = calendarDay(Number(last[2]), monthOf(month), Number(day));
  return sumOf(dayMs, parseTimeAndZone(last[1] ?? ''));
}

const dayFirst = /^(?:[a-z]{3,9},? +)?(\d{1,2})([ -])([a-z]{3,9})\2(\d{4}|\d{2}) +(\d{1,2}:.*)$/i;

/** `Wed, 05 Mar 2025 10:00:00 GMT` of HTTP and mail (RFC 2822), `Wednesday, 05-Mar-25 10:00:00 GMT`. */
function parseDayFirst(text: string): number | undefined {
  const match = dayFirst.exec(text);
  if (match === null) return undefined;
  const [, day, , month = '', yearText = '', time = ''] = match;
  const year = Number(yearText) + (yearText.length === 4 ? 0 : Number(yearText) < 50 ? 2000 : 1900);
  return sumOf(calendarDay(year, monthOf(month), Number(day)), parseTimeAndZone(time, mailZones));
}

/** `/Date(1741168800000+0100)/` of old .NET: the zone is the writer's and does not change the time. */
function parseWrapped(text: string): number | undefined {
  const match = /^\/Date\((\d{1,15})(?:[+-]\d{4})?\)\/$/.exec(text);
  return match === null ? undefined : Number(match[1]);
}

const timeOfDay = /^(\d{1,2})(?::(\d{2})(?::(\d{2}))?|(\d{2})(\d{2})?)?(?:[.,](\d+))?(?: *(AM|PM)\b)?(.*)$/i;

/** Milliseconds after the day's beginning in UTC; below zero, or beyond the day, if the zone makes it so. */
function parseTimeAndZone(text: string, zones: ReadonlyMap<string, number> = knownZones): number | undefined {
  const match = timeOfDay.exec(text);
  if (match === null) return undefined;
  const [, hourText, minuteText = match[4], secondText = match[5], , , fraction = '', half, zone = ''] = match;
  const hour = half === undefined ? Number(hourText) : hourOfHalf(Number(hourText), half);
  const [minute, second] = [Number(minuteText ?? 0), Number(secondText ?? 0)];
  const unitMs = secondText !== undefined ? 1_000 : minuteText !== undefined ? MINUTE_MS : HOUR_MS;
  const fractionMs = fraction === '' ? 0 : Math.trunc(Number(`0.${fraction.slice(0, 12)}`) * unitMs + 1e-6);
  const ms = ((hour * 60 + minute) * 60 + second) * 1_000 + fractionMs;
  // 24:00 is the end of the day, and a leap second is the first of the next minute.
  if (!(hour <= 24) || minute > 59 || second > 60 || (hour === 24 && ms > DAY_MS)) return undefined;
  const offsetMs = parseZone(zone.trim(), zones);
  return offsetMs === undefined ? undefined : ms - offsetMs;
}

function hourOfHalf(hour: number, half: string): number {
  if (hour < 1 || hour > 12) return Number.NaN;
  return (hour % 12) + (half.toUpperCase() === 'PM' ? 12 : 0);
}

const knownZones: ReadonlyMap<string, number> = new Map(
  Object.entries({
    Z: 0,
    UT: 0,
    UTC: 0,
    GMT: 0,
    WET: 0,
    CET: 1,
    WEST: 1,
    CEST: 2,
    EET: 2,
    EEST: 3,
    MSK: 3,
    JST: 9,
    KST: 9,
    AEST: 10,
    AEDT: 11,
    NZST: 12,
    NZDT: 13,
    EST: -5,
    EDT: -4,
    MST: -7,
    MDT: -6,
    PST: -8,
    PDT: -7,
  }).map(([name, hours]) => [name, hours * HOUR_MS]),
);
/** RFC 2822 says which of the two CST is meant; Java prints the same for China. */
const mailZones: ReadonlyMap<string, number> = new Map([...knownZones, ['CST', -6 * HOUR_MS], ['CDT', -5 * HOUR_MS]]);

/**
 * An offset takes precedence over a zone name: `+0100 CET` of Go, `GMT+0100 (CET)` of JavaScript,
 * `+01:00[Europe/Paris]` of Java.
 */
const zoneForm = /^(Z|UTC|GMT)? ?([+-])(\d{2})(?::?(\d{2})(?::\d{2})?)?(?: [A-Za-z+-][A-Za-z0-9+-]*)?$/i;

function parseZone(text: string, zones: ReadonlyMap<string, number>): number | undefined {
  // Go's monotonic clock, Java's region, JavaScript's name of the zone
  const bare = text.replace(/ m=[+-][\d.]+$/, '').replace(/ ?(?:\[[^\]]*\]|\([^)]*\))$/, '');
  if (bare === '') return 0;
  const match = zoneForm.exec(bare);
  if (match === null) return zones.get(bare.toUpperCase());
  const [hours, minutes] = [Number(match[3]), Number(match[4] ?? 0)];
  if (hours > 23 || minutes > 59) return undefined;
  return (match[2] === '-' ? -1 : 1) * (hours * HOUR_MS + minutes * MINUTE_MS);
}

function monthOf(name: string): number {
  const lower = name.toLowerCase();
  const isShort = lower.length === 3 || lower === 'sept';
  return monthNames.findIndex((month) => month === lower || (isShort && month.startsWith(lower))) + 1;
}

/** A day that the month lacks would roll over into the next one. */
function calendarDay(year: number, month: number, day: number): number | undefined {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const isThere = month >= 1 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return isThere ? date.getTime() : undefined;
}

function ordinalDay(year: number, day: number): number | undefined {
  const firstMs = calendarDay(year, 1, 1);
  if (firstMs === undefined || day < 1) return undefined;
  const ms = firstMs + (day - 1) * DAY_MS;
  return new Date(ms).getUTCFullYear() === year ? ms : undefined;
}

/** Week 1 is that of 4 January; weeks begin on Mondays. */
function weekDay(year: number, week: number, day: number): number | undefined {
  const fourthMs = calendarDay(year, 1, 4);
  if (fourthMs === undefined || week < 1 || week > 53) return undefined;
  const mondayMs = fourthMs - ((new Date(fourthMs).getUTCDay() + 6) % 7) * DAY_MS;
  const ms = mondayMs + ((week - 1) * 7 + day - 1) * DAY_MS;
  // In a year with 52 weeks, week 53 is the first of the next year.
  const thursdayMs = mondayMs + ((week - 1) * 7 + 3) * DAY_MS;
  return new Date(thursdayMs).getUTCFullYear() === year ? ms : undefined;
}

function sumOf(dayMs: number | undefined, timeMs: number | undefined): number | undefined {
  return dayMs === undefined || timeMs === undefined ? undefined : dayMs + timeMs;
}
