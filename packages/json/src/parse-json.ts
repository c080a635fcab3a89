/**
 * `JSON.parse` that rounds no integer: integer literals outside the safe range come back as `bigint`, except those of
 * more than `MAX_INTEGER_CHARACTERS`.
 *
 * Literals with a fraction or an exponent stay numbers, as they are doubles in every sender. A literal such as `1e400`
 * becomes `Infinity`, as in `JSON.parse`; code that needs finite numbers has to check.
 */
import type { JsonValue } from './json-value.ts';

export type RawJson = { readonly kind: 'json'; readonly value: JsonValue } | { readonly kind: 'malformed' };

/**
 * Parses JSON text. Throws `SyntaxError` where `JSON.parse` would, and `RangeError` for text nested so deep (tens of
 * thousands of levels) that the reviver runs out of stack. A name given twice keeps its last value; `__proto__` is a
 * name like any other.
 */
export function parseJson(text: string): JsonValue {
  const value: unknown = mayHoldLongInteger(text) ? JSON.parse(text, keepLongInteger as Reviver) : JSON.parse(text);
  return value as JsonValue;
}

/** The value of `text`, or `malformed` where `parseJson` would throw. `json-fault.ts` of segment says where and why. */
export function parseRawJson(text: string): RawJson {
  try {
    return { kind: 'json', value: parseJson(text) };
  } catch {
    return { kind: 'malformed' };
  }
}

const LONG_RUN = 16;

/**
 * The shortest unsafe integer, 9007199254740992, has 16 digits. A reviver makes parsing several times slower, so it is
 * used only where such a run of digits follows what may stand before a number. A string that holds the same characters
 * costs time, not correctness: the reviver looks at numbers only. Of any 16 digits in a row one stands at a multiple of
 * 16, so that no other place has to be looked at, which every event pays for.
 */
function mayHoldLongInteger(text: string): boolean {
  for (let at = LONG_RUN - 1; at < text.length; at += LONG_RUN) {
    if (!isDigit(text.charCodeAt(at))) continue;
    let start = at;
    while (start > 0 && isDigit(text.charCodeAt(start - 1))) start -= 1;
    let end = at + 1;
    while (isDigit(text.charCodeAt(end))) end += 1;
    if (end - start >= LONG_RUN && (start === 0 || NUMBER_FOLLOWS.includes(text.charAt(start - 1)))) return true;
    if (end > at + LONG_RUN) at = end - (end % LONG_RUN) - 1;
  }
  return false;
}

/** What may stand before a number in JSON, its sign included. */
const NUMBER_FOLLOWS = '-:,[ \t\n\r';

/** False past the end of the text, where the code is NaN. */
function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/**
 * No id and no property may be longer (`maxIdBytes`, 64 bits), and the time that BigInt takes grows with the square of
 * it: a third of a second for 780,000 digits, and three times that to write them again. A longer one is left as
 * `JSON.parse` has it: `Infinity`.
 */
const MAX_INTEGER_CHARACTERS = 1_024;

const integerLiteral = /^-?\d+$/;

type Reviver = (this: unknown, key: string, value: unknown) => unknown;

/**
 * The third argument is that of ECMAScript's "JSON.parse source text access", in V8 since 11.4; TypeScript's lib lacks
 * it.
 */
function keepLongInteger(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const { source } = context;
  if (source === undefined || source.length > MAX_INTEGER_CHARACTERS) return value;
  return integerLiteral.test(source) ? BigInt(source) : value;
}
