/**
 * Events of a file of any length, as text: plain, gzip or zstd, one per line or not, recognised by its beginning and
 * not by its name.
 */
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { errorMessage } from '@astrolabe/service-kit/errors';
import { MAX_LINE_BYTES, type SourceLine } from './core/source-line.ts';
import { splitValues } from './core/split-values.ts';
import { compressionOf, formOf, type Compression, type FileForm } from './file-form.ts';
import { gunzip } from './gunzip.ts';

export interface LineReader {
  /** Bytes of the file itself that have been read, for progress. */
  readBytes(): number;
  /**
   * What the file holds, by its beginning. Rejects, naming the file, where it cannot be read or decompressed that far.
   */
  form(): Promise<FileForm>;
  /** In order, in groups of what one read gave. Rejects, naming the file, where it cannot be read or decompressed. */
  lines(): AsyncGenerator<readonly SourceLine[]>;
}

/** More than an event may have, so that it contains the first one. */
const HEAD_BYTES = 1_000_000;

export function createLineReader(path: string, signal: AbortSignal): LineReader {
  let readBytes = 0;
  const fail = (error: unknown): never => {
    signal.throwIfAborted();
    throw new Error(`${path}: ${errorMessage(error)}`, { cause: error });
  };
  const form = async (): Promise<FileForm> => {
    const parts: Buffer[] = [];
    let size = 0;
    for await (const chunk of await openText(path, signal, () => undefined)) {
      parts.push(chunk);
      size += chunk.length;
      if (size >= HEAD_BYTES) break;
    }
    return formOf(Buffer.concat(parts), size < HEAD_BYTES);
  };
  return {
    readBytes: () => readBytes,
    form: () => form().catch(fail),
    async *lines() {
      try {
        const { kind } = await form();
        const text = await openText(path, signal, (bytes) => (readBytes += bytes));
        yield* kind === 'values' ? splitValues(text) : splitLines(text);
      } catch (error) {
        fail(error);
      }
    },
  };
}

async function openText(
  path: string,
  signal: AbortSignal,
  onRead: (bytes: number) => void,
): Promise<AsyncIterable<Buffer>> {
  const file = await open(path);
  const head = Buffer.alloc(4);
  const { bytesRead } = await file.read(head, 0, head.length, 0).catch(async (error: unknown) => {
    await file.close();
    throw error;
  });
  const raw = file.createReadStream({ start: 0, highWaterMark: 262_144, signal });
  raw.on('data', (chunk) => onRead(chunk.length));
  return closing(raw, textOf(raw, compressionOf(head.subarray(0, bytesRead)), signal));
}

function textOf(raw: Readable, compression: Compression, signal: AbortSignal): AsyncIterable<Buffer> {
  switch (compression) {
    case 'gzip':
      return gunzip(raw);
    case 'zstd':
      return unzstd(raw, signal);
    case 'none':
      return raw;
  }
}

/**
 * Has closed the file when the reading ends, however that is: a stream that is left closes it some time later, and
 * `gunzip` may leave some of it unread.
 */
async function* closing(raw: Readable, text: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* text;
  } finally {
    if (!raw.closed) await new Promise<void>((resolve) => void raw.once('close', resolve).destroy());
  }
}

async function* unzstd(raw: Readable, signal: AbortSignal): AsyncGenerator<Buffer> {
  const transform = createZstdDecompress();
  // An error in any of the streams reaches the reader of the last one.
  pipeline(raw, transform, { signal }).catch((error: unknown) => transform.destroy(error as Error));
  try {
    yield* transform as AsyncIterable<Buffer>;
  } catch (error) {
    signal.throwIfAborted();
    throw new Error(`the zstd data are damaged or truncated (${errorMessage(error)}); get the file again`, {
      cause: error,
    });
  }
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Splits at line feeds; a carriage return before one is not part of the line. */
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
    const line: SourceLine = { number: ++number, bytes, isCut, unit: 'line' };
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
