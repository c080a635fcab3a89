/**
 * Failed attempts packed into one record of the changelog. They stand there among the chunks of deliveries, and in the
 * local segments, so that a restore finds both in order. Numbers are little-endian:
 *
 *     0   u8    version, 2
 *     4   u16   number of entries, at least 1
 *     6   u48   time of the newest, epoch milliseconds
 *     20        entries: key (16 bytes), u48 offset, u32 count, u48 time of the first, u48 spent, u48 time of the last
 *
 * The rest of the header is zero. Few commands fail, so nothing is saved by columns.
 */
import { PipelineError } from '@astrolabe/service-kit/errors';
import { KEY_BYTES, writeCommandKey } from '../command-key.ts';
import type { FailedAttempts } from '../failed-attempts.ts';
import { ATTEMPTS_VERSION, DeliveryChunk, ENDINGS_START as HEADER_BYTES } from './delivery-chunk.ts';

export const MAX_CHUNK_ATTEMPTS = 65_535;
const ENTRY_BYTES = KEY_BYTES + 28;

/** Packs 1 to 65,535 entries. Throws a RangeError for a number that the format cannot hold. */
export function encodeAttempts(entries: readonly FailedAttempts[]): Buffer {
  if (entries.length < 1 || entries.length > MAX_CHUNK_ATTEMPTS) {
    throw new RangeError(`a chunk of ${entries.length} failed attempts`);
  }
  const bytes = Buffer.alloc(HEADER_BYTES + entries.length * ENTRY_BYTES);
  bytes[0] = ATTEMPTS_VERSION;
  bytes.writeUInt16LE(entries.length, 4);
  bytes.writeUIntLE(Math.max(...entries.map(({ atMs }) => atMs)), 6, 6);
  entries.forEach(({ commandId, offset, count, firstAtMs, spentMs, atMs }, index) => {
    const start = HEADER_BYTES + index * ENTRY_BYTES;
    writeCommandKey(commandId, bytes, start);
    let at = bytes.writeUIntLE(Number(offset), start + KEY_BYTES, 6);
    at = bytes.writeUInt32LE(count, at);
    at = bytes.writeUIntLE(firstAtMs, at, 6);
    at = bytes.writeUIntLE(spentMs, at, 6);
    bytes.writeUIntLE(atMs, at, 6);
  });
  return bytes;
}

/** Throws `ledger.damaged` for bytes that are not a whole chunk. The version is known to be right. */
export function decodeAttempts(bytes: Buffer): DeliveryChunk {
  const count = bytes.length < HEADER_BYTES ? 0 : bytes.readUInt16LE(4);
  if (count === 0 || bytes.length !== HEADER_BYTES + count * ENTRY_BYTES) {
    const message = `a chunk of the delivery ledger cannot be read: ${bytes.length} bytes are not ${count} failed attempts; something else writes to the topic`;
    throw new PipelineError('ledger.damaged', message, { retryable: false });
  }
  const none = { start: bytes.length, width: 0 };
  const columns = { keys: bytes.length, endings: none, offsets: none, ages: none };
  return new DeliveryChunk(
    bytes,
    0,
    [],
    columns,
    Array.from({ length: count }, (_, index) => entryAt(bytes, index)),
  );
}

function entryAt(bytes: Buffer, index: number): FailedAttempts {
  const start = HEADER_BYTES + index * ENTRY_BYTES;
  const at = start + KEY_BYTES;
  return {
    commandId: bytes.toString('hex', start, at),
    offset: BigInt(bytes.readUIntLE(at, 6)),
    count: bytes.readUInt32LE(at + 6),
    firstAtMs: bytes.readUIntLE(at + 10, 6),
    spentMs: bytes.readUIntLE(at + 16, 6),
    atMs: bytes.readUIntLE(at + 22, 6),
  };
}
