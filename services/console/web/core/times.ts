/** Moments and spans of time as people read them: local time, with UTC beside it. Pure: the present is an argument. */

export interface ShownTime {
  /** Local: `14:03:07` today, `28 Nov 14:03:07` this year, else with the year. */
  readonly local: string;
  /** `2026-11-29 13:03:07.250 UTC`. */
  readonly utc: string;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** `iso`: ISO 8601. Undefined where it is none. `timeZone`: IANA's name; undefined: that of the machine. */
export function showTime(iso: string, nowMs: number, timeZone?: string): ShownTime | undefined {
  const atMs = Date.parse(iso);
  if (Number.isNaN(atMs)) return undefined;
  const at = partsOf(atMs, timeZone);
  const now = partsOf(nowMs, timeZone);
  const clock = `${at.hour}:${at.minute}:${at.second}`;
  const day = `${String(Number(at.day))} ${MONTHS[Number(at.month) - 1] ?? ''}`;
  const isToday = at.year === now.year && at.month === now.month && at.day === now.day;
  const date = isToday ? '' : at.year === now.year ? `${day} ` : `${day} ${at.year} `;
  return { local: date + clock, utc: `${new Date(atMs).toISOString().replace('T', ' ').replace('Z', '')} UTC` };
}

interface TimeParts {
  readonly year: string;
  readonly month: string;
  readonly day: string;
  readonly hour: string;
  readonly minute: string;
  readonly second: string;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function partsOf(atMs: number, timeZone: string | undefined): TimeParts {
  const name = timeZone ?? '';
  let format = formats.get(name);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
      ...(timeZone !== undefined && { timeZone }),
    });
    formats.set(name, format);
  }
  const parts = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
  return parts as unknown as TimeParts;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** At most two units: `250 ms`, `3.2 s`, `4 min 10 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatDuration(durationMs: number): string {
  const ms = Math.abs(durationMs);
  if (ms < SECOND_MS) return `${String(Math.round(ms))} ms`;
  if (ms < 9_950) return `${String(Number((ms / SECOND_MS).toFixed(1)))} s`;
  if (ms < MINUTE_MS - 500) return `${String(Math.round(ms / SECOND_MS))} s`;
  if (ms < HOUR_MS) return twoUnits(Math.round(ms / SECOND_MS), 60, 'min', 's');
  if (ms < DAY_MS) return twoUnits(Math.round(ms / MINUTE_MS), 60, 'h', 'min');
  return twoUnits(Math.round(ms / HOUR_MS), 24, 'd', 'h');
}

function twoUnits(small: number, each: number, largeUnit: string, smallUnit: string): string {
  const large = Math.floor(small / each);
  const rest = small % each;
  return rest === 0 ? `${String(large)} ${largeUnit}` : `${String(large)} ${largeUnit} ${String(rest)} ${smallUnit}`;
}

/** `just now`, `12 s ago`, `in 4 min`. */
export function formatAgo(iso: string, nowMs: number): string {
  const passedMs = nowMs - Date.parse(iso);
  if (Number.isNaN(passedMs)) return iso;
  if (Math.abs(passedMs) < SECOND_MS) return 'just now';
  const coarse = coarseDuration(Math.abs(passedMs));
  return passedMs > 0 ? `${coarse} ago` : `in ${coarse}`;
}

function coarseDuration(ms: number): string {
  if (ms < MINUTE_MS) return `${String(Math.floor(ms / SECOND_MS))} s`;
  if (ms < HOUR_MS) return `${String(Math.floor(ms / MINUTE_MS))} min`;
  if (ms < DAY_MS) return `${String(Math.floor(ms / HOUR_MS))} h`;
  return `${String(Math.floor(ms / DAY_MS))} d`;
}

/** `15m`, `2h`, `7d` → milliseconds; undefined for anything else. */
export function parsePeriod(text: string): number | undefined {
  const match = /^(\d{1,6})(s|m|h|d)$/.exec(text);
  if (match === null) return undefined;
  const unitMs = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS }[match[2] as 's' | 'm' | 'h' | 'd'];
  return Number(match[1]) * unitMs;
}

/** What an `<input type="datetime-local">` holds, in local time, for a moment in UTC. Empty for none. */
export function toLocalInput(iso: string, timeZone?: string): string {
  const atMs = Date.parse(iso);
  if (Number.isNaN(atMs)) return '';
  const { year, month, day, hour, minute, second } = partsOf(atMs, timeZone);
  return `${year}-${month}-${day}T${hour}:${minute}:${second}`;
}

/** The moment that such an input means on this machine, in UTC; undefined for an empty or half-filled one. */
export function fromLocalInput(text: string): string | undefined {
  const atMs = Date.parse(text);
  return text === '' || Number.isNaN(atMs) ? undefined : new Date(atMs).toISOString();
}
