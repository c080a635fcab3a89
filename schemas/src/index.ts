/** The contracts: Avro commands and their JSON property values. The OpenAPI document is `../openapi/astrolabe.yaml`. */
export { canonicalJson } from './canonical-json.ts';
export { parseJson, stringifyJson, type JsonObject, type JsonValue } from './json.ts';
export {
  findPropertyDefects,
  maxPropertyDepth,
  type PropertyDefect,
  type PropertyDefectCode,
  type PropertyMap,
  type PropertyValue,
} from './property-value.ts';
export { avroOptions, type AvroOptions } from './avro-options.ts';
export { commandId } from './command-id.ts';
export type { AvroRecordSchema } from './avro-files.ts';
export {
  commandKindOf,
  commandNamespace,
  commandSchemas,
  commandTypes,
  decodeCommand,
  encodeCommand,
  subjectFor,
  type CommandSchema,
} from './command-schemas.ts';
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
