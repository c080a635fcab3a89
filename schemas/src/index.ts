/**
 * The contracts: commands and their JSON property values. No I/O: what reads the Avro schemas is `avro.ts`. The OpenAPI
 * document is `../openapi/astrolabe.yaml`.
 */
export { toApiRequest, type ApiRequest } from './api-request.ts';
export { canonicalJson } from './canonical-json.ts';
export { parseJson, stringifyJson, type JsonObject, type JsonValue } from '@astrolabe/json';
export {
  findPropertyDefects,
  maxPropertyDepth,
  type PropertyDefect,
  type PropertyDefectCode,
  type PropertyMap,
  type PropertyValue,
} from './property-value.ts';
export { commandId } from './command-id.ts';
export {
  commandKinds,
  type AssociateUser,
  type Command,
  type CommandKind,
  type DeleteUser,
  type TrackEvent,
  type UpsertAccount,
  type UpsertUser,
} from './generated/commands.ts';
