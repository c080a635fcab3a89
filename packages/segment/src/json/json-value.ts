export { isJsonObject, type JsonObject, type JsonValue } from '@astrolabe/json';
