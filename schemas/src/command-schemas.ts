/**
 * The Avro schemas of the commands as sent to a registry: each self-contained, with `avro/property-value.avsc` inlined
 * where it is first used.
 */
import avro from 'avsc';
import { avroOptions } from './avro-options.ts';
import { commandSchemaFolder, readInlined, type AvroRecordSchema } from './avro-files.ts';
import { commandKinds, type Command, type CommandKind } from './generated/commands.ts';

export interface CommandSchema {
  readonly kind: CommandKind;
  /** Namespace and name, such as `astrolabe.commands.v1.UpsertUser`. */
  readonly fullName: string;
  /** Self-contained, as sent to a registry. */
  readonly schema: AvroRecordSchema;
}

/** Namespace of every record of this package. */
export const commandNamespace = 'astrolabe.commands.v1';

export const commandSchemas: Readonly<Record<CommandKind, CommandSchema>> = mapKinds((kind) => {
  const schema = readInlined(commandSchemaFolder, kind);
  return { kind, fullName: `${schema.namespace}.${schema.name}`, schema };
});

/** avsc types of the current schemas, without Confluent's framing. See `avroOptions` for what they read and write. */
export const commandTypes: Readonly<Record<CommandKind, avro.Type>> = mapKinds((kind) =>
  typeOf(commandSchemas[kind].schema),
);

/** Subject of a record on a topic, by Confluent's TopicRecordNameStrategy: one topic holds commands of many schemas. */
export function subjectFor(topicName: string, recordFullName: string): string {
  return `${topicName}-${recordFullName}`;
}

/** The command kind of a record name, or undefined if it is not one of ours. */
export function commandKindOf(recordFullName: string): CommandKind | undefined {
  return commandKinds.find((kind) => commandSchemas[kind].fullName === recordFullName);
}

/** The command as bare Avro. Throws if a field is missing or a property has a defect (`findPropertyDefects`). */
export function encodeCommand(command: Command): Buffer {
  return commandTypes[command.kind].toBuffer(command.record);
}

/** The command from bare Avro, written with the current schema. Throws on truncated, trailing or corrupt bytes. */
export function decodeCommand(kind: CommandKind, bytes: Buffer): Command {
  return { kind, record: commandTypes[kind].fromBuffer(bytes) as unknown } as Command;
}

/** avsc type of a command schema, of this or another version of this package. */
export function typeOf(schema: AvroRecordSchema): avro.Type {
  return avro.Type.forSchema(schema as unknown as Parameters<typeof avro.Type.forSchema>[0], avroOptions());
}

function mapKinds<T>(build: (kind: CommandKind) => T): Readonly<Record<CommandKind, T>> {
  return Object.fromEntries(commandKinds.map((kind) => [kind, build(kind)])) as Record<CommandKind, T>;
}
