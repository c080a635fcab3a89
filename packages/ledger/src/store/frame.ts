/**
 * A chunk as it stands in a segment file: its length and a checksum, so that a torn or damaged end is found, and its
 * offset on the changelog, so that the file itself says how far the copy reaches. Little-endian:
 *
 *     0   u32   length of the chunk
 *     4   u32   CRC-32 of all that follows
 *     8   u64   offset of the chunk on its partition of the changelog
 *     16        the chunk
 */
import { crc32 } from 'node:zlib';

export const FRAME_HEADER_BYTES = 16;
/** No record of the changelog comes near. A length above it is no length. */
export const MAX_FRAME_BYTES = 16 * 1_048_576;
const CHECKED_START = 8;

export interface Frame {
  readonly offset: bigint;
  /** Shares memory with what it was read from. */
  readonly chunk: Buffer;
}

export type FrameReading =
  | { readonly kind: 'frame'; readonly frame: Frame; readonly end: number }
  /** More bytes may complete it: `sizeBytes` in all, from where it starts. */
  | { readonly kind: 'incomplete'; readonly sizeBytes: number }
  | { readonly kind: 'damaged' };

export function frameSizeBytes(chunk: Buffer): number {
  return FRAME_HEADER_BYTES + chunk.length;
}

/** Writes a frame at `at` and returns where it ends. */
export function writeFrame(target: Buffer, at: number, { offset, chunk }: Frame): number {
  const end = at + frameSizeBytes(chunk);
  target.writeUInt32LE(chunk.length, at);
  target.writeBigUInt64LE(offset, at + CHECKED_START);
  chunk.copy(target, at + FRAME_HEADER_BYTES);
  target.writeUInt32LE(crc32(target.subarray(at + CHECKED_START, end)), at + 4);
  return end;
}

/** Reads the frame that starts at `at` of the first `length` bytes of `source`. */
export function readFrame(source: Buffer, at: number, length: number): FrameReading {
  if (at + FRAME_HEADER_BYTES > length) return { kind: 'incomplete', sizeBytes: FRAME_HEADER_BYTES };
  const chunkBytes = source.readUInt32LE(at);
  if (chunkBytes === 0 || chunkBytes > MAX_FRAME_BYTES) return { kind: 'damaged' };
  const end = at + FRAME_HEADER_BYTES + chunkBytes;
  if (end > length) return { kind: 'incomplete', sizeBytes: FRAME_HEADER_BYTES + chunkBytes };
  if (crc32(source.subarray(at + CHECKED_START, end)) !== source.readUInt32LE(at + 4)) return { kind: 'damaged' };
  const offset = source.readBigUInt64LE(at + CHECKED_START);
  return { kind: 'frame', frame: { offset, chunk: source.subarray(at + FRAME_HEADER_BYTES, end) }, end };
}
