/** JSON in which no integer is rounded: a 64-bit id comes out as it went in. Pure. */
export { isJsonObject, type JsonObject, type JsonValue } from './json-value.ts';
export { parseJson, parseRawJson, type RawJson } from './parse-json.ts';
export { stringifyJson } from './stringify-json.ts';
