/**
 * Numbers as people read them. What can exceed 2^53 comes as a string of digits and is never made a number: grouping is
 * work on the text, so the last digit is the one that was sent. Pure.
 */

/** A count or an offset: a whole number, as the API gives it. */
export type Digits = string | number;

/** `-1234567` → `-1,234,567`. What is not a whole number is given back as it is. */
export function groupDigits(value: Digits): string {
  const text = typeof value === 'number' ? plainDigits(value) : value;
  const match = /^(-?)(\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign = '', digits = ''] = match;
  const first = digits.length % 3;
  const groups = first === 0 ? [] : [digits.slice(0, first)];
  for (let at = first; at < digits.length; at += 3) groups.push(digits.slice(at, at + 3));
  return sign + groups.join(',');
}

/** Without an exponent: 1e21 is written out. */
function plainDigits(value: number): string {
  return Number.isInteger(value) ? BigInt(value).toString() : String(value);
}

/** `1,234 records`, `1 record`. */
export function counted(value: Digits, one: string, many = `${one}s`): string {
  return `${groupDigits(value)} ${isOne(value) ? one : many}`;
}

export function isOne(value: Digits): boolean {
  return String(value) === '1';
}

export function isZero(value: Digits): boolean {
  return /^-?0+$/.test(String(value));
}

/** For a bar's width and nothing else: rounding does not matter there. */
export function approximate(value: Digits): number {
  return Number(value);
}

export function sumDigits(values: readonly Digits[]): string {
  return values.reduce<bigint>((sum, value) => sum + BigInt(value), 0n).toString();
}

/** Two significant places below 10, none from there on: `0.25`, `9.5`, `1,234`. */
export function formatRate(perSecond: number): string {
  if (perSecond === 0) return '0';
  if (perSecond < 0.01) return 'under 0.01';
  if (perSecond < 10) return String(Number(perSecond.toPrecision(2)));
  return groupDigits(Math.round(perSecond));
}

/** `0.256` → `25.6 %`. Above 99.9 % and below 0.1 % it says so instead of rounding to all or nothing. */
export function formatShare(share: number): string {
  if (share <= 0) return '0 %';
  if (share >= 1) return '100 %';
  if (share < 0.001) return 'under 0.1 %';
  if (share > 0.999) return 'over 99.9 %';
  return `${(share * 100).toFixed(1)} %`;
}

const BYTE_UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `1536` → `1.5 KiB`. */
export function formatBytes(bytes: number): string {
  let unit = 0;
  let amount = bytes;
  while (amount >= 1_024 && unit < BYTE_UNITS.length - 1) {
    amount /= 1_024;
    unit += 1;
  }
  const text = unit === 0 || amount >= 100 ? groupDigits(Math.round(amount)) : String(Number(amount.toFixed(1)));
  return `${text} ${BYTE_UNITS[unit] ?? ''}`;
}

/** Against the period before: `+12 %`, `the same`, or undefined where there was nothing before. */
export function formatChange(now: Digits, before: Digits): string | undefined {
  if (isZero(before)) return undefined;
  const change = approximate(now) / approximate(before) - 1;
  if (String(now) === String(before)) return 'the same';
  const percent = Math.round(change * 100);
  if (percent === 0) return 'about the same';
  return `${percent > 0 ? '+' : '−'}${groupDigits(Math.abs(percent))} %`;
}

/** The name of a count in words: `wouldBeSent` → `would be sent`. */
export function wordsOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`);
}
