/**
 * Records as they lie in their batch: key, value and headers are made when they are asked for. Most records are asked
 * for their connector, and perhaps their value; a Buffer for each part would cost more than all the rest of reading.
 */
import type { ConsumedRecord, EncodedRecord, RecordHeaders } from '@astrolabe/records';
import { ByteReader } from './byte-reader.ts';
import { headerNameIn } from './header-names.ts';

/** What the records of a batch have in common. */
export interface EncodedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly baseOffset: bigint;
  /** The time that its records count from; with `hasAppendTime`, the one that all of them have. */
  readonly timestampMs: number;
  readonly hasAppendTime: boolean;
  /** The records, one behind the other, inflated. */
  readonly bytes: Buffer;
}

/** Keeps the bytes of its batch in memory, as each of its parts does. `RecordCursor` has seen that they add up. */
export class FetchedRecord implements ConsumedRecord, EncodedRecord {
  readonly offset: bigint;
  readonly #batch: EncodedBatch;
  readonly #timestampDeltaMs: number;
  /** Where its key begins in the bytes of the batch, its headers, and the next record. */
  readonly #keyAt: number;
  readonly #headersAt: number;
  readonly #end: number;
  #headers: RecordHeaders | undefined;

  constructor(
    batch: EncodedBatch,
    offset: bigint,
    timestampDeltaMs: number,
    keyAt: number,
    headersAt: number,
    end: number,
  ) {
    this.offset = offset;
    this.#batch = batch;
    this.#timestampDeltaMs = timestampDeltaMs;
    this.#keyAt = keyAt;
    this.#headersAt = headersAt;
    this.#end = end;
  }

  get topic(): string {
    return this.#batch.topic;
  }

  get partition(): number {
    return this.#batch.partition;
  }

  get timestampMs(): number {
    const { timestampMs, hasAppendTime } = this.#batch;
    return hasAppendTime ? timestampMs : timestampMs + this.#timestampDeltaMs;
  }

  /** A view, made each time. */
  get key(): Buffer | null {
    return this.#readFrom(this.#keyAt).nullableBytes();
  }

  /** A view, made each time. */
  get value(): Buffer | null {
    const reader = this.#readFrom(this.#keyAt);
    reader.skipNullableBytes();
    return reader.nullableBytes();
  }

  /** Views, made once: some look up one name after the other. */
  get headers(): RecordHeaders {
    return (this.#headers ??= this.#readHeaders());
  }

  get encoded(): EncodedRecord {
    return this;
  }

  get contentBytes(): number {
    const reader = this.#readFrom(this.#keyAt);
    const keyAndValueBytes = reader.skipNullableBytes() + reader.skipNullableBytes();
    reader.varint();
    return keyAndValueBytes + this.#end - reader.at;
  }

  keyText(): string | undefined {
    const reader = this.#readFrom(this.#keyAt);
    const length = reader.varint();
    return length < 0 ? undefined : this.#batch.bytes.toString('latin1', reader.at, reader.at + length);
  }

  headerText(name: string): string | undefined {
    const { bytes } = this.#batch;
    const reader = this.#readFrom(this.#headersAt);
    let start = -1;
    let end = -1;
    for (let left = reader.varint(); left > 0 && reader.at < this.#end; left -= 1) {
      const nameBytes = reader.skipNullableBytes();
      const isNamed = nameBytes === name.length && isAt(bytes, reader.at - nameBytes, name);
      const length = reader.varint();
      if (length < 0) continue;
      if (isNamed) start = reader.at;
      reader.at += length;
      if (isNamed) end = reader.at;
    }
    return start < 0 ? undefined : bytes.toString('utf8', start, end);
  }

  #readHeaders(): RecordHeaders {
    const { bytes } = this.#batch;
    const reader = this.#readFrom(this.#headersAt);
    const count = reader.varint();
    if (count === 0) return NO_HEADERS;
    const headers = new Headers();
    for (let left = count; left > 0 && reader.at < this.#end; left -= 1) {
      const nameBytes = reader.skipNullableBytes();
      const name = headerNameIn(bytes, reader.at - nameBytes, reader.at);
      const value = reader.nullableBytes();
      if (value !== null) headers[name] = value;
    }
    return headers;
  }

  #readFrom(at: number): ByteReader {
    return new ByteReader(this.#batch.bytes, at);
  }
}

/** Reads the records of a batch, one after the other, as far as is needed to know that they add up. */
export class RecordCursor {
  readonly #batch: EncodedBatch;
  readonly #reader: ByteReader;
  /** How many headers it may still read; negative once that was not enough. */
  itemsLeft: number;

  constructor(batch: EncodedBatch, itemsLeft: number) {
    this.#batch = batch;
    this.#reader = new ByteReader(batch.bytes, 0);
    this.itemsLeft = itemsLeft;
  }

  get at(): number {
    return this.#reader.at;
  }

  /** The record at the cursor, which moves behind it; undefined where its parts do not add up to its length. */
  next(): FetchedRecord | undefined {
    const { baseOffset, bytes } = this.#batch;
    const reader = this.#reader;
    const length = reader.varint();
    const end = reader.at + length;
    if (length <= 0 || end > bytes.length) return undefined;
    reader.at += 1; // attributes, of which none is in use
    const timestampDeltaMs = reader.varlong();
    const offset = baseOffset + BigInt(reader.varint());
    const keyAt = reader.at;
    reader.skipNullableBytes();
    reader.skipNullableBytes();
    const headersAt = reader.at;
    const headerCount = reader.varint();
    this.itemsLeft -= Math.max(0, headerCount);
    if (this.itemsLeft < 0) return undefined;
    for (let left = headerCount; left > 0 && reader.at < end; left -= 1) {
      reader.skipNullableBytes();
      reader.skipNullableBytes();
    }
    if (reader.at !== end) return undefined;
    return new FetchedRecord(this.#batch, offset, timestampDeltaMs, keyAt, headersAt, end);
  }
}

/** A name of ASCII characters. */
function isAt(bytes: Buffer, start: number, name: string): boolean {
  for (let index = 0; index < name.length; index += 1) {
    if (bytes[start + index] !== name.charCodeAt(index)) return false;
  }
  return true;
}

/**
 * Inherits nothing from `Object`, so a header may have any name. `Object.create(null)` would do the same, but V8 keeps
 * such objects as slow hash tables.
 */
const Headers = function () {
  // Their names are all that they have.
} as unknown as new () => Record<string, Buffer>;
(Headers as { prototype: object }).prototype = Object.create(null) as object;

const NO_HEADERS: RecordHeaders = Object.freeze(new Headers());
