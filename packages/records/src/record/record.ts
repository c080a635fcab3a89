/**
 * Records as this project sees them. Offsets are `bigint` everywhere in our code; kafkajs's decimal strings
 * stay at its edge (`kafkajs/protocol/fetch-decoding.ts`, `group-consumer.ts`).
 */

/** Header values are bytes on the wire; a header that a producer repeated keeps its last value. */
export type RecordHeaders = Readonly<Record<string, Buffer>>;

/**
 * A record to be produced. A `partition` overrides the partitioner, which otherwise hashes `key` (murmur2, as Java
 * does).
 */
export interface OutgoingRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
  readonly partition?: number;
}

/**
 * A record read from a topic. `timestampMs` is the broker's (CreateTime), in epoch milliseconds. The parts of a fetched
 * record are made when they are asked for, so a copy by `...` has none of them.
 */
export interface ConsumedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
  /** On a fetched record only: `headerText`, `keyText` and `recordSizeBytes` ask it first. */
  readonly encoded?: EncodedRecord;
}

/** What a record can tell from the bytes that it was fetched in, without making a Buffer of each part. */
export interface EncodedRecord {
  /** Key and value, and the headers with their framing. */
  readonly contentBytes: number;
  /** latin1: a character for each byte. Undefined where the key is null. */
  keyText(): string | undefined;
  /** By an ASCII name; undefined where there is no such header. */
  headerText(name: string): string | undefined;
}

/** The key as text of one character for each byte; undefined where it is null. */
export function keyText(record: Pick<ConsumedRecord, 'key' | 'encoded'>): string | undefined {
  return record.encoded === undefined ? record.key?.toString('latin1') : record.encoded.keyText();
}

/** Where a stored record landed. */
export interface RecordPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/**
 * Bytes that a record is charged with when buffers and batches are bounded: key, value, headers and framing. Exact for
 * headers: one that is charged with too much could be read from its topic, and then find no place among the dead
 * letters.
 */
export function recordSizeBytes(record: Pick<ConsumedRecord, 'key' | 'value' | 'headers' | 'encoded'>): number {
  if (record.encoded !== undefined) return RECORD_OVERHEAD_BYTES + record.encoded.contentBytes;
  let size = RECORD_OVERHEAD_BYTES + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const name in record.headers) {
    size += framedBytes(Buffer.byteLength(name)) + framedBytes(record.headers[name]?.length ?? 0);
  }
  return size;
}

/**
 * Upper bound of a v2 record's own varints (length, attributes, timestamp and offset deltas, key, value, header count).
 */
const RECORD_OVERHEAD_BYTES = 40;

/** With the zigzag varint of the length before it. */
function framedBytes(length: number): number {
  let size = length + 1;
  for (let rest = length >>> 6; rest > 0; rest >>>= 7) size += 1;
  return size;
}
