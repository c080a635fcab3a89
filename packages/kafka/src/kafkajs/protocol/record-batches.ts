/**
 * Record batches (magic 2) read straight into our records, without the objects, strings and Longs that kafkajs
 * creates for each. Batches emptied by compaction keep their offsets; kafkajs's decoder drops these, and then reads the
 * same batch over and over. The format: https://kafka.apache.org/documentation/#messageformat.
 */
import type { ConsumedRecord } from '@astrolabe/records';
import type { AbortedTransaction, TopicPartition } from './fetch-partition.ts';
import { crc32c } from './crc32c.ts';
import { RecordCursor } from './records/fetched-record.ts';
import { undecodable } from './undecodable.ts';

/** A batch that is there in full. Its records are not decoded. */
export interface RecordBatch {
  readonly baseOffset: bigint;
  /** The offset after the batch, whatever compaction has left of it. */
  readonly nextOffset: bigint;
  /** From the attributes to the last record. */
  readonly body: Buffer;
  readonly crc: number;
}

const BASE_OFFSET_AND_LENGTH_BYTES = 12;
const MAGIC_AT = 16;
const CRC_AT = 17;
const BODY_AT = 21;
const HEADER_BYTES = 61;
const MAGIC = 2;

/** The batches of a fetched record set, up to the first that is cut off: a broker fills `maxBytes` to the last byte. */
export function splitRecordSet(bytes: Buffer): RecordBatch[] {
  const batches: RecordBatch[] = [];
  let at = 0;
  while (at + HEADER_BYTES <= bytes.length) {
    const baseOffset = bytes.readBigInt64BE(at);
    const end = at + BASE_OFFSET_AND_LENGTH_BYTES + bytes.readInt32BE(at + 8);
    const magic = bytes[at + MAGIC_AT];
    if (magic !== MAGIC) throw undecodable(`the batch at offset ${baseOffset} has the message format ${magic}`);
    if (end < at + HEADER_BYTES) throw undecodable(`the batch at offset ${baseOffset} is shorter than its header`);
    if (end > bytes.length) break;
    const body = bytes.subarray(at + BODY_AT, end);
    const nextOffset = baseOffset + BigInt(body.readInt32BE(LAST_OFFSET_DELTA_AT)) + 1n;
    batches.push({ baseOffset, nextOffset, body, crc: bytes.readUInt32BE(at + CRC_AT) });
    at = end;
  }
  return batches;
}

/** Offsets within the body. */
const LAST_OFFSET_DELTA_AT = 2;
const BASE_TIMESTAMP_AT = 6;
const MAX_TIMESTAMP_AT = 14;
const PRODUCER_ID_AT = 22;
const RECORD_COUNT_AT = 36;
const RECORDS_AT = 40;

const COMPRESSION_MASK = 0x7;
const LOG_APPEND_TIME = 0x8;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/**
 * Most records and headers, taken together, that one batch may hold: each is an object of ours, and a batch that
 * inflates to 16 MiB has room for millions. A megabyte that is not compressed holds 150,000 records at most.
 */
export const MAX_BATCH_ITEMS = 250_000;

/** What it takes to hold a decoded batch beside the bytes that were fetched. */
export interface DecodedSize {
  /** 0 for a batch that was not compressed. */
  readonly inflatedBytes: number;
  /** Records and headers. */
  readonly items: number;
  /** Records that were not decoded, since the batch does not hold what is looked for. */
  readonly skipped: number;
}

const TOO_MANY = `has more than ${MAX_BATCH_ITEMS} records and headers`;
const NOTHING: DecodedSize = { inflatedBytes: 0, items: 0, skipped: 0 };

/** Inflates a batch's records; the number is that of the attributes (1 gzip, 2 snappy, 3 lz4, 4 zstd). */
export type Decompress = (compression: number, bytes: Buffer) => Promise<Buffer>;

/**
 * Decodes the batches of one fetched record set, in their order: `abortedTransactions` are those of that answer, and
 * which of them are open depends on the batches before.
 */
export class RecordSetDecoder {
  readonly #source: TopicPartition;
  readonly #decompress: Decompress;
  readonly #aborted: readonly AbortedTransaction[];
  #abortedBegun = 0;
  readonly #abortedProducers = new Set<bigint>();

  constructor(source: TopicPartition, abortedTransactions: readonly AbortedTransaction[], decompress: Decompress) {
    this.#source = source;
    // Brokers list them in the order in which they ended.
    this.#aborted = abortedTransactions.toSorted((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
    this.#decompress = decompress;
  }

  /**
   * Appends the batch's committed records to `into`. They are views of the fetched (or inflated) bytes, and each has
   * been read to its end: what is asked of it later cannot fail. Throws an error that kafkajs does not retry where the
   * bytes are not what was written, or are more than is read of one batch. With `containing`, a batch in whose records
   * these bytes are nowhere appends nothing.
   */
  async decode(
    { baseOffset, nextOffset, body, crc }: RecordBatch,
    into: ConsumedRecord[],
    containing?: Buffer,
  ): Promise<DecodedSize> {
    if (crc32c(body, 0, body.length) !== crc)
      throw this.#unreadable(baseOffset, nextOffset, 'does not match its checksum');
    const attributes = body.readInt16BE(0);
    if (this.#isAborted(body.readBigInt64BE(PRODUCER_ID_AT), attributes, nextOffset, body)) return NOTHING;
    if ((attributes & CONTROL) !== 0) return NOTHING;
    const count = body.readInt32BE(RECORD_COUNT_AT);
    if (count <= 0) return NOTHING;
    if (count > MAX_BATCH_ITEMS) throw this.#unreadable(baseOffset, nextOffset, TOO_MANY);
    const compression = attributes & COMPRESSION_MASK;
    const records = body.subarray(RECORDS_AT);
    const bytes = compression === 0 ? records : await this.#inflate(compression, records, baseOffset, nextOffset);
    const inflatedBytes = compression === 0 ? 0 : bytes.length;
    if (containing !== undefined && !bytes.includes(containing)) return { inflatedBytes, items: 0, skipped: count };
    const hasAppendTime = (attributes & LOG_APPEND_TIME) !== 0;
    const timestampMs = Number(body.readBigInt64BE(hasAppendTime ? MAX_TIMESTAMP_AT : BASE_TIMESTAMP_AT));
    const batch = { ...this.#source, baseOffset, timestampMs, hasAppendTime, bytes };
    const cursor = new RecordCursor(batch, MAX_BATCH_ITEMS - count);
    for (let index = 0; index < count; index += 1) {
      const record = cursor.next();
      if (cursor.itemsLeft < 0) throw this.#unreadable(baseOffset, nextOffset, TOO_MANY);
      if (record === undefined)
        throw this.#unreadable(baseOffset, nextOffset, `has a record ${index} that ends elsewhere`);
      into.push(record);
    }
    if (cursor.at !== bytes.length)
      throw this.#unreadable(baseOffset, nextOffset, `has bytes after its ${count} records`);
    return { inflatedBytes, items: MAX_BATCH_ITEMS - cursor.itemsLeft, skipped: 0 };
  }

  async #inflate(compression: number, records: Buffer, baseOffset: bigint, nextOffset: bigint): Promise<Buffer> {
    try {
      return await this.#decompress(compression, records);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw this.#unreadable(baseOffset, nextOffset, `cannot be inflated: ${reason}`, error);
    }
  }

  /** As Java's consumer does it: a transaction is aborted from its first offset on, until its producer's marker. */
  #isAborted(producerId: bigint, attributes: number, nextOffset: bigint, body: Buffer): boolean {
    for (;;) {
      const transaction = this.#aborted[this.#abortedBegun];
      if (transaction === undefined || transaction.firstOffset >= nextOffset) break;
      this.#abortedProducers.add(transaction.producerId);
      this.#abortedBegun += 1;
    }
    if ((attributes & CONTROL) === 0) {
      return (attributes & TRANSACTIONAL) !== 0 && this.#abortedProducers.has(producerId);
    }
    if (isAbortMarker(body)) this.#abortedProducers.delete(producerId);
    return false;
  }

  #unreadable(baseOffset: bigint, nextOffset: bigint, what: string, cause?: unknown): Error {
    const { topic, partition } = this.#source;
    const range = `offsets ${baseOffset} to ${nextOffset - 1n}`;
    return undecodable(`the batch of ${topic}[${partition}] with ${range} ${what}`, cause);
  }
}

/** The key of a control record: its version and its type, two bytes each. */
function isAbortMarker(body: Buffer): boolean {
  if (body.readInt32BE(RECORD_COUNT_AT) <= 0) return false;
  const records = body.subarray(RECORDS_AT);
  const batch = { topic: '', partition: 0, baseOffset: 0n, timestampMs: 0, hasAppendTime: false, bytes: records };
  const key = new RecordCursor(batch, 0).next()?.key;
  return key != null && key.length >= 4 && key.readInt16BE(2) === 0;
}
