export { parseRawJson, type RawJson } from '@astrolabe/json';
