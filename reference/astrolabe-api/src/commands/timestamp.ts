const RFC_3339 =
  /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])t([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i;

/**
 * Parses RFC 3339 into epoch milliseconds; undefined for anything else, including days that do not exist and leap
 * seconds.
 */
export function parseTimestamp(text: string): number | undefined {
  const match = RFC_3339.exec(text);
  if (match === null) return undefined;
  const [, year, month, day] = match;
  // Date.parse takes the 30th of February for the 2nd of March.
  if (Number(day) > daysInMonth(Number(year), Number(month))) return undefined;
  return Date.parse(text.toUpperCase());
}

export function toTimestamp(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}
