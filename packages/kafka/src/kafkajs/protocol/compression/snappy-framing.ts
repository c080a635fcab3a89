/**
 * Snappy as Kafka's producers write it: Java (and those who follow it) in the blocks of xerial's SnappyOutputStream,
 * others as one raw block. https://github.com/xerial/snappy-java, SnappyCodec and SnappyOutputStream.
 */
import { compress, uncompress } from 'snappy';

/**
 * 0x82 "SNAPPY" 0, which no raw block of this size begins with: as its length it would be too short for what follows.
 */
const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
/** Magic, then the version and the oldest version that can read it, four bytes each. */
const HEADER_BYTES = 16;
const BLOCK_LENGTH_BYTES = 4;
const VERSION = 1;
/** As snappy-java's default. */
const BLOCK_BYTES = 32_768;

export async function compressXerial(bytes: Buffer): Promise<Buffer> {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeInt32BE(VERSION, 8);
  header.writeInt32BE(VERSION, 12);
  const parts: Buffer[] = [header];
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const block = await compress(bytes.subarray(at, at + BLOCK_BYTES));
    const length = Buffer.alloc(BLOCK_LENGTH_BYTES);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

/**
 * Throws where the bytes are cut off or corrupt, or would inflate to more than `maxBytes`, which is known before it is
 * done.
 */
export async function decompressSnappy(bytes: Buffer, maxBytes: number): Promise<Buffer> {
  const blocks = isXerial(bytes) ? splitBlocks(bytes) : [bytes];
  let inflatedBytes = 0;
  for (const block of blocks) inflatedBytes += inflatedLength(block);
  if (inflatedBytes > maxBytes)
    throw new Error(`${inflatedBytes} bytes are more than the ${maxBytes} that are allowed`);
  const inflated: Buffer[] = [];
  for (const block of blocks) inflated.push((await uncompress(block, { asBuffer: true })) as Buffer);
  const [only] = inflated;
  return only !== undefined && inflated.length === 1 ? only : Buffer.concat(inflated);
}

function isXerial(bytes: Buffer): boolean {
  return bytes.length >= HEADER_BYTES && bytes.subarray(0, MAGIC.length).equals(MAGIC);
}

function splitBlocks(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  let at = HEADER_BYTES;
  while (at < bytes.length) {
    // Streams of snappy-java that were appended to each other have a header between them.
    if (isXerial(bytes.subarray(at))) {
      at += HEADER_BYTES;
      continue;
    }
    const start = at + BLOCK_LENGTH_BYTES;
    const end = start <= bytes.length ? start + bytes.readInt32BE(at) : Infinity;
    if (end < start || end > bytes.length) throw new Error(`the block at byte ${at} is cut off`);
    blocks.push(bytes.subarray(start, end));
    at = end;
  }
  return blocks;
}

/** A raw block begins with the length of what it holds: a varint of at most 32 bits. */
function inflatedLength(block: Buffer): number {
  let length = 0;
  for (let index = 0; index < 5; index += 1) {
    const byte = block[index];
    if (byte === undefined) break;
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return length;
  }
  throw new Error('a block has no length');
}
