import { stringifyJson, type JsonObject, type JsonValue } from '@astrolabe/json';

/**
 * JSON text with names sorted by UTF-16 code unit at every level: equal for equal values, and how the API breaks ties.
 */
export function canonicalJson(value: JsonValue): string {
  if (typeof value !== 'object' || value === null) return stringifyJson(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const object = value as JsonObject;
  const members = Object.keys(object)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(object[name] ?? null)}`);
  return `{${members.join(',')}}`;
}
