/** Lengths of time as people write them, and as they read them. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** ISO 8601 as `kafka-consumer-groups --by-duration` takes it. Years and months have no length of their own and are not taken. */
const iso = /^P(?!$)(?:(\d+)W)?(?:(\d+)D)?(?:T(?!$)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,3})?)S)?)?$/i;
const short = /^(?=\d)(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d{1,3})?)s)?(?:(\d+)ms)?$/;

/** Milliseconds of `PT1H30M`, `P7D`, `15m`, `1h30m`, `2d` or `500ms`; undefined for anything else and for a length of zero. */
export function parseDuration(text: string): number | undefined {
  const match = iso.exec(text.trim()) ?? short.exec(text.trim());
  if (match === null) return undefined;
  const [, weeks, days, hours, minutes, seconds, milliseconds] = match.map((part: string | undefined) =>
    Number(part ?? 0),
  );
  const durationMs =
    (weeks ?? 0) * 7 * DAY_MS +
    (days ?? 0) * DAY_MS +
    (hours ?? 0) * HOUR_MS +
    (minutes ?? 0) * MINUTE_MS +
    Math.round((seconds ?? 0) * SECOND_MS) +
    (milliseconds ?? 0);
  return durationMs > 0 && Number.isSafeInteger(durationMs) ? durationMs : undefined;
}

/** The two largest units: `850 ms`, `12 s`, `3 min 20 s`, `2 h 5 min`, `4 d 6 h`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < SECOND_MS) return `${Math.max(0, Math.round(durationMs))} ms`;
  if (durationMs < MINUTE_MS) return `${Math.floor(durationMs / SECOND_MS)} s`;
  if (durationMs < HOUR_MS) return pair(durationMs, MINUTE_MS, 'min', SECOND_MS, 's');
  if (durationMs < DAY_MS) return pair(durationMs, HOUR_MS, 'h', MINUTE_MS, 'min');
  return pair(durationMs, DAY_MS, 'd', HOUR_MS, 'h');
}

function pair(durationMs: number, largeMs: number, large: string, smallMs: number, small: string): string {
  const whole = Math.floor(durationMs / largeMs);
  const rest = Math.floor((durationMs % largeMs) / smallMs);
  return rest === 0 ? `${whole} ${large}` : `${whole} ${large} ${rest} ${small}`;
}
