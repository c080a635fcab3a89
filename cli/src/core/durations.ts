/** Lengths of time as people write them. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * ISO 8601 as `kafka-consumer-groups --by-duration` takes it. Years and months have no length of their own and are not
 * taken.
 */
const iso = /^P(?!$)(?:(\d+)W)?(?:(\d+)D)?(?:T(?!$)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,3})?)S)?)?$/i;
const short = /^(?=\d)(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d{1,3})?)s)?(?:(\d+)ms)?$/;

/**
 * Milliseconds of `PT1H30M`, `P7D`, `15m`, `1h30m`, `2d` or `500ms`; undefined for anything else and for a length of
 * zero.
 */
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
