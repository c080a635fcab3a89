/**
 * What `JSON.parse` gives, except that integers beyond ±(2^53 - 1), which a double does not hold exactly, are `bigint`.
 * Numbers with a fraction or an exponent are `number`.
 */
export type JsonValue = null | boolean | number | bigint | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** True for what JSON writes in braces; false for arrays and null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
