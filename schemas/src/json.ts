/**
 * JSON as this project holds it in memory: the result of `JSON.parse`, except that whole numbers beyond the range in
 * which a double is exact (±2^53) are `bigint`, so that a 64-bit id in a property survives unchanged.
 */

/**
 * Whole numbers within ±(2^53 - 1) are `number`, those beyond are `bigint`; everything with a fraction or an exponent
 * is `number`.
 */
export type JsonValue = null | boolean | number | bigint | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** A run of digits this long is the only way to write a whole number that a double may not hold. */
const LONG_DIGIT_RUN = /[0-9]{16}/;
const WHOLE_NUMBER = /^-?[0-9]+$/;

/**
 * Parses JSON text. Throws `SyntaxError` if `JSON.parse` would. A repeated name keeps its last value; `__proto__` is a
 * name like any other.
 */
export function parseJson(text: string): JsonValue {
  // The reviver makes parsing several times slower, so it is used only for texts that need it.
  return (LONG_DIGIT_RUN.test(text) ? parseExactly(text, reviveWholeNumber) : JSON.parse(text)) as JsonValue;
}

/** Writes JSON text; a `bigint` becomes its digits. Throws `TypeError` for a value without JSON (a cycle). */
export function stringifyJson(value: JsonValue): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, (_name, member: unknown) =>
      typeof member === 'bigint' ? rawJson(member.toString()) : member,
    );
  }
}

// TypeScript's library does not know these two parts of ES2026 ("JSON.parse source text access") yet.
const parseExactly = JSON.parse as (
  text: string,
  reviver: (name: string, value: unknown, context: { source?: string }) => unknown,
) => unknown;
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;

function reviveWholeNumber(_name: string, value: unknown, context: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || context.source === undefined) return value;
  return WHOLE_NUMBER.test(context.source) ? BigInt(context.source) : value;
}
