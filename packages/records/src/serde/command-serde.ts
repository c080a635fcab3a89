/** Commands as record values: Confluent's framing around Avro. */
import { commandId, commandKinds, type Command, type CommandKind } from '@astrolabe/schemas';
import { commandKindOf, commandTypes } from '@astrolabe/schemas/avro';
import type { Type } from 'avsc';
import type avro from 'avsc';
import { WIRE_HEADER_BYTES, parseWireFormat } from './confluent-wire-format.ts';
import type { RegisteredSchema, SchemaRegistry } from '../ports/schema-registry.ts';

/**
 * Encodes with the current schemas under the ids that the registry gave them. Throws on a record that its schema cannot
 * hold.
 */
export interface CommandEncoder {
  encode(command: Command): Buffer;
}

const INITIAL_BUFFER_BYTES = 16_384;

export function createCommandEncoder(schemaIds: ReadonlyMap<CommandKind, number>): CommandEncoder {
  // Encoded into one buffer and copied out once: a command is small, and avsc's own toBuffer would be copied for the
  // header.
  let scratch = Buffer.alloc(INITIAL_BUFFER_BYTES);
  return {
    encode: ({ kind, record }) => {
      const schemaId = schemaIds.get(kind);
      if (schemaId === undefined) throw new Error(`no schema id is known for ${kind}`);
      let end = commandTypes[kind].encode(record, scratch, WIRE_HEADER_BYTES);
      if (end < 0) {
        scratch = Buffer.alloc(Math.max(scratch.length * 2, scratch.length - end));
        end = commandTypes[kind].encode(record, scratch, WIRE_HEADER_BYTES);
      }
      scratch.writeInt32BE(schemaId, 1);
      return Buffer.from(scratch.subarray(0, end));
    },
  };
}

/**
 * What a record's value turned out to be. All but `command` are final for this record; once the registry has been
 * repaired, a redrive of it may read it as a command.
 */
export type DecodedCommand =
  | { readonly kind: 'command'; readonly command: Command; readonly schemaId: number }
  | {
      readonly kind: 'undecodable';
      readonly code: 'command.undecodable' | 'command.unknown-schema' | 'command.wrong-type' | 'command.id-mismatch';
      readonly reason: string;
    };

export interface CommandDecoder {
  /**
   * Called once for each record. Synchronous once the schema of the record is known. Rejects with
   * `registry.unavailable` (retryable) when the registry is needed and cannot be reached.
   */
  decode(value: Buffer | null): DecodedCommand | Promise<DecodedCommand>;
}

interface CommandReader {
  readonly kind: CommandKind;
  readonly type: Type;
  readonly resolver: avro.Resolver | undefined;
}

type Reader = CommandReader | { readonly kind: 'wrong-type'; readonly name: string };

export function createCommandDecoder(registry: Pick<SchemaRegistry, 'schemaById'>): CommandDecoder {
  /** Only those that read commands are kept: a registry that was restored, or repaired, may say otherwise by now. */
  const readers = new Map<number, CommandReader>();
  /** Looked up right now. Thousands of records may wait for one schema, which takes a while to be compiled. */
  const lookUps = new Map<number, Promise<Reader | undefined>>();

  const lookUp = async (schemaId: number): Promise<Reader | undefined> => {
    try {
      const schema = await registry.schemaById(schemaId);
      if (schema === undefined) return undefined;
      const reader = toReader(schema);
      if (reader.kind !== 'wrong-type') readers.set(schemaId, reader);
      return reader;
    } finally {
      lookUps.delete(schemaId);
    }
  };
  const readLater = async (schemaId: number, payload: Buffer): Promise<DecodedCommand> => {
    let looking = lookUps.get(schemaId);
    if (looking === undefined) {
      looking = lookUp(schemaId);
      lookUps.set(schemaId, looking);
    }
    const reader = await looking;
    return reader === undefined ? unknownSchema(schemaId) : readWith(reader, schemaId, payload);
  };
  const readWith = (reader: Reader, schemaId: number, payload: Buffer): DecodedCommand => {
    const decoded = read(reader, schemaId, payload);
    // The record may be at fault, or the registry may have given the schema of another id: the next record asks again.
    if (decoded.kind === 'undecodable') readers.delete(schemaId);
    return decoded;
  };

  return {
    decode: (value) => {
      const framed = parseWireFormat(value);
      if (framed.kind === 'unframed')
        return { kind: 'undecodable', code: 'command.undecodable', reason: framed.reason };
      // A registry counts from 1; asked for anything else it may answer like one that is out of order, which would be
      // waited for.
      if (framed.schemaId < 1) return unknownSchema(framed.schemaId);
      const reader = readers.get(framed.schemaId);
      return reader === undefined
        ? readLater(framed.schemaId, framed.payload)
        : readWith(reader, framed.schemaId, framed.payload);
    },
  };
}

function unknownSchema(schemaId: number): DecodedCommand {
  return { kind: 'undecodable', code: 'command.unknown-schema', reason: `the registry has no schema ${schemaId}` };
}

function toReader(schema: RegisteredSchema): Reader {
  if (schema.kind === 'other') return { kind: 'wrong-type', name: schema.description };
  const writer = schema.type;
  const name = writer.name ?? writer.typeName;
  const kind = commandKindOf(name);
  if (kind === undefined) return { kind: 'wrong-type', name };
  const type = commandTypes[kind];
  if (type.equals(writer)) return { kind, type, resolver: undefined };
  try {
    return { kind, type, resolver: type.createResolver(writer) };
  } catch (error) {
    return { kind: 'wrong-type', name: `${name} in a version that this build cannot read (${String(error)})` };
  }
}

function read(reader: Reader, schemaId: number, payload: Buffer): DecodedCommand {
  if (reader.kind === 'wrong-type') {
    return {
      kind: 'undecodable',
      code: 'command.wrong-type',
      reason: `schema ${schemaId} is ${reader.name}, not a command`,
    };
  }
  try {
    const record: unknown = reader.type.fromBuffer(payload, reader.resolver);
    const command = { kind: reader.kind, record } as Command;
    const { occurredAt, receivedAt } = command.record;
    if (!isTime(occurredAt) || !isTime(receivedAt)) throw new RangeError('a time is beyond what a date can hold');
    return findIdMismatch(command, schemaId) ?? { kind: 'command', command, schemaId };
  } catch (error) {
    return {
      kind: 'undecodable',
      code: 'command.undecodable',
      reason: `the bytes cannot be read as ${reader.kind}: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

/**
 * After a registry was restored, an id may stand for another schema than its writer meant, and the bytes of an account
 * read as those of a user. The id tells: it is a hash over the kind of the command too.
 */
function findIdMismatch({ kind, record }: Command, schemaId: number): DecodedCommand | undefined {
  const { connectorId, messageId } = record;
  if (record.commandId === commandId(connectorId, messageId, kind)) return undefined;
  if (!COMMAND_ID.test(record.commandId)) throw new RangeError('the command id cannot be an idempotency key');
  const meant = commandKinds.find((other) => record.commandId === commandId(connectorId, messageId, other));
  const reason =
    meant === undefined
      ? `the id of the command is not derived from its connector, messageId and kind (${kind})`
      : `the command was written as ${meant}, but the registry says that schema ${schemaId} is ${kind}; were schema ids exchanged?`;
  return { kind: 'undecodable', code: 'command.id-mismatch', reason };
}

/**
 * It is sent as a header, within quotes: one that cannot be would fail as a connection does, and be tried for hours.
 * Ids of our own are hexadecimal digits.
 */
const COMMAND_ID = /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,255}$/;

/** ECMAScript's range of dates, ±100,000,000 days; Avro's timestamps go further. */
const LAST_TIME_MS = 8_640_000_000_000_000;

function isTime(epochMs: number): boolean {
  return Math.abs(epochMs) <= LAST_TIME_MS;
}
