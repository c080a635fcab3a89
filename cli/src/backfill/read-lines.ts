/** Lines of a file of any length: plain, gzip or zstd, told by its first bytes and not by its name. */
import { open } from 'node:fs/promises';
import type { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { errorMessage } from '@astrolabe/service-kit';

export interface SourceLine {
  /** From 1. */
  readonly number: number;
  /** Without its end; the first `MAX_LINE_BYTES` of it. */
  readonly bytes: Buffer;
  readonly isCut: boolean;
}

/** What still fits a Kafka record (`message.max.bytes`, 1,048,588 by default) with its headers. */
export const MAX_LINE_BYTES = 900_000;

export interface LineReader {
  /** Bytes of the file itself that have been read, for progress. */
  readBytes(): number;
  /** In order, in groups of what one read gave. Rejects where the file cannot be read or decompressed, naming it. */
  lines(): AsyncGenerator<readonly SourceLine[]>;
}

export function createLineReader(path: string, signal: AbortSignal): LineReader {
  let readBytes = 0;
  return {
    readBytes: () => readBytes,
    async *lines() {
      try {
        const file = await open(path);
        const head = Buffer.alloc(4);
        const { bytesRead } = await file.read(head, 0, head.length, 0);
        const raw = file.createReadStream({ start: 0, highWaterMark: 262_144 });
        raw.on('data', (chunk) => (readBytes += chunk.length));
        yield* splitLines(decompressed(raw, head.subarray(0, bytesRead), signal));
      } catch (error) {
        signal.throwIfAborted();
        throw new Error(`${path}: ${errorMessage(error)}`, { cause: error });
      }
    },
  };
}

const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

function decompressed(raw: Readable, head: Buffer, signal: AbortSignal): AsyncIterable<Buffer> {
  const through = (transform: Transform): AsyncIterable<Buffer> => {
    // What goes wrong reaches whoever reads the last stream.
    pipeline(raw, transform, { signal }).catch((error: unknown) => transform.destroy(error as Error));
    return transform;
  };
  if (head.subarray(0, 2).equals(GZIP)) return through(createGunzip());
  if (head.equals(ZSTD)) return through(createZstdDecompress());
  return raw;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Splits at line feeds; a carriage return before one is no part of the line. */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly SourceLine[]> {
  let number = 0;
  let parts: Buffer[] = [];
  let heldBytes = 0;
  let isCut = false;
  const hold = (part: Buffer): void => {
    const room = MAX_LINE_BYTES - heldBytes;
    if (part.length > room) isCut = true;
    const kept = part.length > room ? part.subarray(0, room) : part;
    heldBytes += kept.length;
    if (kept.length > 0) parts.push(kept);
  };
  const take = (): SourceLine => {
    const whole = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    const bytes = whole.at(-1) === CARRIAGE_RETURN ? whole.subarray(0, -1) : whole;
    const line = { number: ++number, bytes, isCut };
    parts = [];
    heldBytes = 0;
    isCut = false;
    return line;
  };
  for await (const chunk of chunks) {
    const lines: SourceLine[] = [];
    let from = 0;
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, from)) {
      hold(chunk.subarray(from, at));
      lines.push(take());
      from = at + 1;
    }
    hold(chunk.subarray(from));
    if (lines.length > 0) yield lines;
  }
  if (heldBytes > 0) yield [take()];
}
