/**
 * The part of avsc's internal cursor (`Tap`) that our types use, and exact 64-bit longs on top of it.
 *
 * avsc does not guarantee it, but it has not changed since avsc 5.0 (2017), avsc is pinned to 5.x, and
 * `property-codec.property.test.ts` compares every byte with what avsc's own types write.
 */
export interface Tap {
  /**
   * Writing past the end is ignored and `pos` keeps counting: avsc then writes again into a buffer of the right size.
   */
  buf: Buffer;
  pos: number;
  readBoolean(): boolean;
  readLong(): number;
  readDouble(): number;
  /** Undefined if the text runs past the buffer's end. */
  readString(): string | undefined;
  skipLong(): void;
  writeBoolean(value: boolean): void;
  writeLong(value: number): void;
  writeDouble(value: number): void;
  writeString(value: string): void;
}

/** Up to here zigzag encoding (2|n|) stays exact in a double, so avsc's own arithmetic may be used. */
const EXACT_ZIGZAG_LIMIT = 2 ** 52;

/** Writes a whole number within ±(2^53 - 1). */
export function writeSafeLong(tap: Tap, value: number): void {
  if (value > -EXACT_ZIGZAG_LIMIT && value < EXACT_ZIGZAG_LIMIT) {
    tap.writeLong(value);
    return;
  }
  // Zigzag is 2 * half + sign, which needs 54 bits: take the lowest 7 apart first.
  const sign = value < 0 ? 1 : 0;
  const half = sign === 1 ? -value - 1 : value;
  let rest = Math.floor(half / 64);
  tap.buf[tap.pos++] = (half % 64) * 2 + sign + 0x80;
  while (rest >= 0x80) {
    tap.buf[tap.pos++] = (rest % 0x80) + 0x80;
    rest = Math.floor(rest / 0x80);
  }
  tap.buf[tap.pos++] = rest;
}

/** Writes any signed 64-bit whole number. The caller has checked the range. */
export function writeBigLong(tap: Tap, value: bigint): void {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  while (rest >= 0x80n) {
    tap.buf[tap.pos++] = Number(rest & 0x7fn) + 0x80;
    rest >>= 7n;
  }
  tap.buf[tap.pos++] = Number(rest);
}

/** Reads a long: `number` within ±(2^53 - 1), `bigint` beyond. Throws `RangeError` for more than 64 bits. */
export function readExactLong(tap: Tap): number | bigint {
  const start = tap.pos;
  const value = tap.readLong();
  if (value > -EXACT_ZIGZAG_LIMIT && value < EXACT_ZIGZAG_LIMIT) return value;
  const length = tap.pos - start;
  if (length > 10) throw new RangeError('a long has more than 64 bits');
  let zigzag = 0n;
  for (let index = length - 1; index >= 0; index -= 1) {
    zigzag = (zigzag << 7n) | BigInt((tap.buf[start + index] ?? 0) & 0x7f);
  }
  if (zigzag >> 64n !== 0n) throw new RangeError('a long has more than 64 bits');
  const exact = (zigzag >> 1n) ^ -(zigzag & 1n);
  const number = Number(exact);
  return Number.isSafeInteger(number) ? number : exact;
}

/**
 * Writes text as UTF-8. An unpaired surrogate has no UTF-8 form; each becomes U+FFFD, as in every other encoder of the
 * platform. Left to avsc, short texts would carry invalid UTF-8 and read back as three replacement characters.
 */
export function writeText(tap: Tap, text: string): void {
  tap.writeString(text.isWellFormed() ? text : text.toWellFormed());
}

export function readText(tap: Tap): string {
  const text = tap.readString();
  if (text === undefined) throw new RangeError('truncated buffer');
  return text;
}

/**
 * Number of items in the next block of an array or map, 0 at its end. Every item takes at least one byte, so a count
 * beyond what is left is corrupt; unchecked, twelve bad bytes would keep a consumer in a loop of 2^50 turns.
 */
export function readBlockCount(tap: Tap): number {
  let count = tap.readLong();
  if (count < 0) {
    count = -count;
    tap.skipLong();
  }
  if (count > tap.buf.length - tap.pos) throw new RangeError('truncated buffer');
  return count;
}
