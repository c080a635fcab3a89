/**
 * How much an LZ4 frame inflates to, found without inflating it: the library has no limit, and a megabyte can hold 255.
 * The format: https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md and lz4_Block_format.md.
 */

const MAGIC = 0x184d2204;
const HAS_CONTENT_SIZE = 0x08;
const HAS_BLOCK_CHECKSUMS = 0x10;
const HAS_DICTIONARY = 0x01;
/** The highest bit of a block's length: it is stored as it is. */
const UNCOMPRESSED = 0x8000_0000;
const SHORTEST_FRAME_BYTES = 7;
/** A match grows by 255 at most for each byte of its length. */
const MOST_FOR_A_BYTE = 255;

/** Throws if the bytes are not a frame, are cut off, or would inflate to more than `maxBytes`. */
export function boundLz4Frame(bytes: Buffer, maxBytes: number): void {
  if (bytes.length < SHORTEST_FRAME_BYTES || bytes.readUInt32LE(0) !== MAGIC)
    throw new Error('this is not an LZ4 frame');
  const mayExceed = bytes.length * MOST_FOR_A_BYTE > maxBytes;
  const flags = bytes.readUInt8(4);
  let at = SHORTEST_FRAME_BYTES;
  if ((flags & HAS_CONTENT_SIZE) !== 0) at += 8;
  if ((flags & HAS_DICTIONARY) !== 0) at += 4;
  const checksumBytes = (flags & HAS_BLOCK_CHECKSUMS) === 0 ? 0 : 4;
  let inflatedBytes = 0;
  for (;;) {
    if (at + 4 > bytes.length) throw new Error('the frame has no end');
    const length = bytes.readUInt32LE(at);
    if (length === 0) break;
    const start = at + 4;
    const blockBytes = length % UNCOMPRESSED;
    const end = start + blockBytes;
    if (end + checksumBytes > bytes.length) throw new Error(`the block at byte ${at} is cut off`);
    if (mayExceed) inflatedBytes += length >= UNCOMPRESSED ? blockBytes : inflatedLength(bytes, start, end);
    if (inflatedBytes > maxBytes) throw new Error(`more than the ${maxBytes} bytes that are allowed`);
    at = end + checksumBytes;
  }
}

/** Walks the sequences of a block: literals, then a match, each with a length of its own. */
function inflatedLength(bytes: Buffer, start: number, end: number): number {
  let inflated = 0;
  let at = start;
  const length = (nibble: number): number => {
    let total = nibble;
    if (nibble === 15) {
      let byte: number;
      do {
        byte = bytes[at++] ?? 0;
        total += byte;
      } while (byte === 255 && at < end);
    }
    return total;
  };
  while (at < end) {
    const token = bytes[at++] ?? 0;
    const literals = length(token >> 4);
    at += literals;
    inflated += literals;
    if (at >= end) break;
    at += 2; // the offset of the match
    inflated += length(token & 15) + 4;
  }
  return inflated;
}
