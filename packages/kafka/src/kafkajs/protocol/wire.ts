/**
 * Kafka's two encodings: the older one, with lengths of 2 and 4 bytes, and the flexible one of KIP-482, with lengths as
 * varints (one more than they say; 0 is null) and tagged fields. https://kafka.apache.org/protocol#protocol_types
 */

export class WireWriter {
  readonly #parts: Buffer[] = [];
  readonly #isFlexible: boolean;

  /**
   * The header of a flexible request ends with tagged fields, which kafkajs does not write: they begin the body here.
   */
  constructor(isFlexible: boolean) {
    this.#isFlexible = isFlexible;
    this.tags();
  }

  boolean(value: boolean): this {
    return this.byte(value ? 1 : 0);
  }

  byte(value: number): this {
    return this.#add(Buffer.from([value]));
  }

  int32(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return this.#add(bytes);
  }

  int64(value: bigint): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(value);
    return this.#add(bytes);
  }

  /** A nil UUID: none. */
  noUuid(): this {
    return this.#add(Buffer.alloc(16));
  }

  text(value: string): this {
    const bytes = Buffer.from(value, 'utf8');
    if (this.#isFlexible) return this.#varint(bytes.length + 1).#add(bytes);
    const length = Buffer.alloc(2);
    length.writeInt16BE(bytes.length);
    return this.#add(length).#add(bytes);
  }

  array<T>(items: readonly T[], write: (item: T) => void): this {
    if (this.#isFlexible) this.#varint(items.length + 1);
    else this.int32(items.length);
    for (const item of items) write(item);
    return this;
  }

  /** None, where the encoding has them. */
  tags(): this {
    return this.#isFlexible ? this.#add(Buffer.from([0])) : this;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #varint(value: number): this {
    const bytes: number[] = [];
    for (let left = value; ; left >>>= 7) {
      if (left < 0x80) return this.#add(Buffer.from([...bytes, left]));
      bytes.push((left & 0x7f) | 0x80);
    }
  }

  #add(bytes: Buffer): this {
    this.#parts.push(bytes);
    return this;
  }
}

/** Throws a `RangeError` at the end of the bytes. */
export class WireReader {
  readonly #bytes: Buffer;
  readonly #isFlexible: boolean;
  #at = 0;

  /** `bytes` follow the correlation id: a flexible response begins with the tagged fields of its header. */
  constructor(bytes: Buffer, isFlexible: boolean) {
    this.#bytes = bytes;
    this.#isFlexible = isFlexible;
    this.tags();
  }

  boolean(): boolean {
    return this.#take(1)[0] !== 0;
  }

  int8(): number {
    return this.#take(1).readInt8();
  }

  int16(): number {
    return this.#take(2).readInt16BE();
  }

  int32(): number {
    return this.#take(4).readInt32BE();
  }

  int64(): bigint {
    return this.#take(8).readBigInt64BE();
  }

  uuid(): Buffer {
    return this.#take(16);
  }

  text(): string | undefined {
    const length = this.#isFlexible ? this.#varint() - 1 : this.int16();
    return length < 0 ? undefined : this.#take(length).toString('utf8');
  }

  array<T>(read: () => T): T[] {
    const length = this.#isFlexible ? this.#varint() - 1 : this.int32();
    const items: T[] = [];
    // Not by a length of its own making: a wrong one must end at the end of the bytes.
    for (let index = 0; index < length; index += 1) items.push(read());
    return items;
  }

  tags(): void {
    if (!this.#isFlexible) return;
    for (let left = this.#varint(); left > 0; left -= 1) {
      this.#varint();
      this.#take(this.#varint());
    }
  }

  #varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const [byte = 0] = this.#take(1);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new RangeError('a length of more than 32 bits');
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (length < 0 || end > this.#bytes.length) throw new RangeError('an answer that ends too early');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}
