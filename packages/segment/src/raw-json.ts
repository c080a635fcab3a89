/**
 * `JSON.parse` that rounds no integer: integer literals outside the safe range come back as `bigint`.
 *
 * Literals with a fraction or an exponent stay numbers, as they are doubles in every sender. A literal such as `1e400`
 * becomes `Infinity`, as in `JSON.parse`; whoever needs finite numbers has to check.
 */
import type { JsonValue } from './json-value.ts';

export type RawJson = { readonly kind: 'json'; readonly value: JsonValue } | { readonly kind: 'malformed' };

/**
 * The value of `text`, or `malformed`; never throws. Malformed also covers text nested so deep (tens of thousands of
 * levels) that the reviver runs out of stack. `json-fault.ts` says where and why.
 */
export function parseRawJson(text: string): RawJson {
  try {
    const value: unknown = mayHoldLongInteger.test(text)
      ? JSON.parse(text, keepLongInteger as Reviver)
      : JSON.parse(text);
    return { kind: 'json', value: value as JsonValue };
  } catch {
    return { kind: 'malformed' };
  }
}

/**
 * The shortest unsafe integer, 9007199254740992, has 16 digits. A reviver makes parsing several times slower, so it is
 * used only where such a run of digits follows what may stand before a number. A string that holds the same characters
 * costs time, not correctness: the reviver looks at numbers only.
 */
const mayHoldLongInteger = /(?:^|[-:,[\s])\d{16}/;

const integerLiteral = /^-?\d+$/;

type Reviver = (this: unknown, key: string, value: unknown) => unknown;

/** The third argument is that of ECMAScript's "JSON.parse source text access", in V8 since 11.4; TypeScript's lib lacks it. */
function keepLongInteger(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const { source } = context;
  return source !== undefined && integerLiteral.test(source) ? BigInt(source) : value;
}
