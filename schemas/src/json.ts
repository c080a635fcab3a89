export { parseJson, stringifyJson, type JsonObject, type JsonValue } from '@astrolabe/json';
