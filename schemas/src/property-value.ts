/**
 * Property values: which JSON values a command can carry, and what is wrong with the others.
 *
 * In memory a property value is the JSON value itself, not a tree of wrapped unions; `property-codec.ts` puts each onto
 * the wire in its own branch of the Avro union:
 *
 *     null, true/false, text    null, boolean, string
 *     whole number              long; `number` within ±(2^53 - 1), `bigint` beyond it
 *     -0, fractions, 1e300      double
 *     [...], {...}              array, list of entries (the bytes of a map)
 *
 * A `number` beyond ±(2^53 - 1) is a double, as it is in JSON and in JavaScript: it was never exact.
 */
import type { JsonObject, JsonValue } from '@astrolabe/json';

export type PropertyValue = JsonValue;

export type PropertyMap = JsonObject;

/** Arrays and objects inside one another, counting the outermost property value as 1. Bounds the codec's recursion. */
export const maxPropertyDepth = 64;

export const int64Min = -(2n ** 63n);
export const int64Max = 2n ** 63n - 1n;

export type PropertyDefectCode =
  /** A whole number outside the signed 64-bit range. */
  | 'property.integer-out-of-range'
  /** Infinity (which `JSON.parse` makes of 1e999) or NaN. */
  | 'property.number-not-finite'
  /** More than `maxPropertyDepth` levels. */
  | 'property.too-deep'
  /**
   * Something that JSON text cannot hold, such as `undefined` or a function: a defect of our code, not of the sender.
   */
  | 'property.not-json';

export interface PropertyDefect {
  readonly code: PropertyDefectCode;
  /** JSON pointer (RFC 6901) from the property map to the value at fault. */
  readonly path: string;
  /** What is wrong, as text for people. Does not quote the value. */
  readonly message: string;
}

const noDefects: readonly PropertyDefect[] = Object.freeze([]);

/**
 * Everything that prevents a property map from being encoded; empty for almost every event. Total, never throws;
 * allocates nothing without a defect (the mapper calls this for every event). A map without defects always encodes.
 */
export function findPropertyDefects(properties: PropertyMap): readonly PropertyDefect[] {
  let sound = true;
  for (const name of Object.keys(properties)) {
    if (!isPropertyValue(properties[name], 1)) {
      sound = false;
      break;
    }
  }
  if (sound) return noDefects;
  const defects: PropertyDefect[] = [];
  for (const name of Object.keys(properties)) collectDefects(properties[name], 1, pointer('', name), defects);
  return defects;
}

/** Whether a value fits the Avro union. `depth` is the value's own. */
export function isPropertyValue(value: unknown, depth = 1): value is PropertyValue {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'bigint':
      return isInt64(value);
    case 'object':
      if (value === null) return true;
      if (depth > maxPropertyDepth) return false;
      if (Array.isArray(value)) {
        for (let index = 0; index < value.length; index += 1) {
          if (!isPropertyValue(value[index], depth + 1)) return false;
        }
        return true;
      }
      for (const name of Object.keys(value)) {
        if (!isPropertyValue((value as Record<string, unknown>)[name], depth + 1)) return false;
      }
      return true;
    default:
      return false;
  }
}

export function isInt64(value: bigint): boolean {
  return value >= int64Min && value <= int64Max;
}

function collectDefects(value: unknown, depth: number, path: string, defects: PropertyDefect[]): void {
  if (typeof value === 'object' && value !== null && depth <= maxPropertyDepth) {
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index += 1) {
        collectDefects(value[index], depth + 1, pointer(path, String(index)), defects);
      }
      return;
    }
    for (const name of Object.keys(value)) {
      collectDefects((value as Record<string, unknown>)[name], depth + 1, pointer(path, name), defects);
    }
    return;
  }
  if (!isPropertyValue(value, depth)) defects.push(describeDefect(value, path));
}

function describeDefect(value: unknown, path: string): PropertyDefect {
  switch (typeof value) {
    case 'bigint':
      return {
        code: 'property.integer-out-of-range',
        path,
        message: 'the whole number does not fit into 64 bits; send it as a string',
      };
    case 'number':
      return {
        code: 'property.number-not-finite',
        path,
        message: 'the number is too large for a double; send it as a string',
      };
    case 'object':
      return {
        code: 'property.too-deep',
        path,
        message: `arrays and objects are nested more than ${maxPropertyDepth} levels deep; flatten the property`,
      };
    default:
      return { code: 'property.not-json', path, message: `a value of type ${typeof value} has no place in JSON` };
  }
}

function pointer(path: string, name: string): string {
  return `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
