/** The commands in Avro. Loading it reads the schemas from their files; `index.ts` is what needs none of it. */
export { avroOptions, type AvroOptions } from './avro-options.ts';
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
