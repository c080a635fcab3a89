/**
 * Produce requests (version 3 to 7, uncompressed) written in one pass into one buffer of the right size. kafkajs makes
 * a growing buffer for each header, record, batch, partition and topic and copies each into the next: two thirds of
 * what a busy producer does. The format: https://kafka.apache.org/documentation/#messageformat and #protocol_messages.
 */
import { defect, present } from '@astrolabe/service-kit/errors';
import { crc32c } from './crc32c.ts';

export interface ProduceArguments {
  readonly acks: number;
  readonly timeout: number;
  readonly transactionalId?: string | null | undefined;
  /** An int64: a number, its decimal text, or kafkajs's Long. */
  readonly producerId?: { toString(): string } | undefined;
  readonly producerEpoch?: number | undefined;
  readonly compression?: number | undefined;
  readonly topicData: readonly TopicData[];
}

interface TopicData {
  readonly topic: string;
  readonly partitions: readonly PartitionData[];
}

interface PartitionData {
  readonly partition: number;
  readonly firstSequence?: number | undefined;
  readonly messages: readonly PlainMessage[];
}

/** What our producer sends: bytes, and no timestamps of its own. */
interface PlainMessage {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer>>;
}

/**
 * Whether the request is of the plain kind that is encoded here. Strings instead of bytes, repeated headers, timestamps
 * and compression are left to kafkajs.
 */
export function isPlainRequest({ compression = 0, topicData }: ProduceArguments): boolean {
  return (
    compression === 0 &&
    topicData.every(({ partitions }) =>
      partitions.every(({ messages }) => messages.length > 0 && messages.every(isPlainMessage)),
    )
  );
}

function isPlainMessage(message: object): message is PlainMessage {
  const { key, value, headers, timestamp } = message as Record<string, unknown>;
  if (timestamp != null || !isBytesOrNull(key) || !isBytesOrNull(value)) return false;
  if (typeof headers !== 'object' || headers === null) return false;
  for (const name in headers) {
    if (!Buffer.isBuffer((headers as Record<string, unknown>)[name]) || !Object.hasOwn(headers, name)) return false;
  }
  return true;
}

function isBytesOrNull(value: unknown): boolean {
  return value === null || Buffer.isBuffer(value);
}

/** The request's body without its header. `nowMs` becomes the records' timestamp. */
export function encodeProduceRequest(request: ProduceArguments, nowMs: number): Buffer {
  const { acks, timeout, transactionalId = null, producerId = -1, producerEpoch = 0, topicData } = request;
  const shared = {
    nowMs: BigInt(nowMs),
    producerId: BigInt(producerId.toString()),
    producerEpoch,
    attributes: transactionalId ? TRANSACTIONAL : 0,
  };
  // The size of each record's body, in the order of writing.
  const bodySizes: number[] = [];
  let size = sizeOfString(transactionalId) + INT16 + INT32 + INT32;
  const batchSizes: number[] = [];
  for (const { topic, partitions } of topicData) {
    size += sizeOfString(topic) + INT32;
    for (const { messages } of partitions) {
      const batchSize = BATCH_OVERHEAD + measureRecords(messages, bodySizes);
      batchSizes.push(batchSize);
      size += INT32 + INT32 + batchSize;
    }
  }

  const bytes = Buffer.allocUnsafe(size);
  let at = writeString(bytes, 0, transactionalId);
  at = bytes.writeInt16BE(acks, at);
  at = bytes.writeInt32BE(timeout, at);
  at = bytes.writeInt32BE(topicData.length, at);
  let batch = 0;
  let record = 0;
  for (const { topic, partitions } of topicData) {
    at = writeString(bytes, at, topic);
    at = bytes.writeInt32BE(partitions.length, at);
    for (const { partition, firstSequence = 0, messages } of partitions) {
      const batchSize = present(batchSizes[batch++], 'the size of a batch');
      at = bytes.writeInt32BE(partition, at);
      at = bytes.writeInt32BE(batchSize, at);
      const head = { ...shared, batchSize, firstSequence, count: messages.length };
      writeRecords(bytes, at + BATCH_OVERHEAD, messages, bodySizes, record);
      writeBatchHead(bytes, at, head);
      record += messages.length;
      at += batchSize;
    }
  }
  // The buffer was not cleared: what is left of it would be sent as it was found in memory.
  if (at !== bytes.length) throw defect(`a produce request of ${bytes.length} bytes ends at ${at}`);
  return bytes;
}

const INT16 = 2;
const INT32 = 4;
const NO_LENGTH = -1;
/** Bit 4 of a batch's attributes. */
const TRANSACTIONAL = 0x10;
const MAGIC = 2;

/** Before `Records`. */
const BATCH_OVERHEAD = 61;
const BATCH_LENGTH_AT = 8;
const BATCH_CRC_AT = 17;
const BATCH_ATTRIBUTES_AT = 21;

interface BatchHead {
  readonly batchSize: number;
  readonly count: number;
  readonly firstSequence: number;
  readonly nowMs: bigint;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly attributes: number;
}

/** The records must be there already: the checksum covers them. */
function writeBatchHead(bytes: Buffer, start: number, head: BatchHead): void {
  bytes.writeBigInt64BE(0n, start);
  bytes.writeInt32BE(head.batchSize - BATCH_LENGTH_AT - INT32, start + BATCH_LENGTH_AT);
  // Leader epoch and magic.
  bytes.writeInt8(MAGIC, bytes.writeInt32BE(0, start + BATCH_LENGTH_AT + INT32));
  let at = bytes.writeInt16BE(head.attributes, start + BATCH_ATTRIBUTES_AT);
  at = bytes.writeInt32BE(head.count - 1, at);
  at = bytes.writeBigInt64BE(head.nowMs, at);
  at = bytes.writeBigInt64BE(head.nowMs, at);
  at = bytes.writeBigInt64BE(head.producerId, at);
  at = bytes.writeInt16BE(head.producerEpoch, at);
  at = bytes.writeInt32BE(head.firstSequence, at);
  bytes.writeInt32BE(head.count, at);
  bytes.writeUInt32BE(crc32c(bytes, start + BATCH_ATTRIBUTES_AT, start + head.batchSize), start + BATCH_CRC_AT);
}

/** Bytes of the records, length prefixes included; adds the size of each one's body. */
function measureRecords(messages: readonly PlainMessage[], bodySizes: number[]): number {
  let total = 0;
  let index = 0;
  for (const { key, value, headers } of messages) {
    // Attributes and the timestamp's delta, which is 0, take a byte each.
    let size = 2 + sizeOfVarint(index) + sizeOfBytes(key) + sizeOfBytes(value);
    let count = 0;
    for (const name in headers) {
      const nameSize = sizeOfText(name);
      size += sizeOfVarint(nameSize) + nameSize + sizeOfBytes(headers[name] ?? null);
      count += 1;
    }
    size += sizeOfVarint(count);
    bodySizes.push(size);
    total += sizeOfVarint(size) + size;
    index += 1;
  }
  return total;
}

function writeRecords(
  bytes: Buffer,
  start: number,
  messages: readonly PlainMessage[],
  bodySizes: readonly number[],
  firstBodySize: number,
): void {
  let at = start;
  let index = 0;
  for (const { key, value, headers } of messages) {
    at = writeVarint(bytes, at, present(bodySizes[firstBodySize + index], 'the size of a record'));
    bytes[at++] = 0;
    bytes[at++] = 0;
    at = writeVarint(bytes, at, index);
    at = writeBytes(bytes, at, key);
    at = writeBytes(bytes, at, value);
    let count = 0;
    for (const _name in headers) count += 1;
    at = writeVarint(bytes, at, count);
    for (const name in headers) {
      at = writeVarint(bytes, at, sizeOfText(name));
      at = writeText(bytes, at, name);
      at = writeBytes(bytes, at, headers[name] ?? null);
    }
    index += 1;
  }
}

function sizeOfBytes(value: Buffer | null): number {
  return value === null ? 1 : sizeOfVarint(value.length) + value.length;
}

/** Calling into the runtime costs more than copying so few bytes by hand. */
const FEW_BYTES = 48;

function writeBytes(bytes: Buffer, start: number, value: Buffer | null): number {
  if (value === null) return writeVarint(bytes, start, NO_LENGTH);
  const { length } = value;
  const at = writeVarint(bytes, start, length);
  if (length > FEW_BYTES) bytes.set(value, at);
  else for (let index = 0; index < length; index += 1) bytes[at + index] = value[index] ?? 0;
  return at + length;
}

/** Zigzag, then seven bits to a byte, as protocol buffers have it. */
function sizeOfVarint(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x20_0000) return 3;
  return zigzag < 0x1000_0000 ? 4 : 5;
}

function writeVarint(bytes: Buffer, start: number, value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  let at = start;
  for (; rest >= 0x80; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  return at;
}

/** Names of headers are short and ASCII, for which both functions stay in compiled code. */
function sizeOfText(text: string): number {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) >= 0x80) return Buffer.byteLength(text);
  }
  return text.length;
}

function writeText(bytes: Buffer, start: number, text: string): number {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= 0x80) return start + bytes.write(text, start);
    bytes[start + index] = code;
  }
  return start + text.length;
}

function sizeOfString(text: string | null): number {
  return INT16 + (text === null ? 0 : Buffer.byteLength(text));
}

function writeString(bytes: Buffer, start: number, text: string | null): number {
  if (text === null) return bytes.writeInt16BE(NO_LENGTH, start);
  const at = bytes.writeInt16BE(Buffer.byteLength(text), start);
  return at + bytes.write(text, at);
}
