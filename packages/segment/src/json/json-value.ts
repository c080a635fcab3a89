/**
 * JSON as this project reads it: the result of `JSON.parse` with integers beyond 2^53 as `bigint` (`raw-json.ts`), so
 * that no id is rounded.
 */
export type JsonValue = null | boolean | number | bigint | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** True for what JSON writes in braces; false for arrays and null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
