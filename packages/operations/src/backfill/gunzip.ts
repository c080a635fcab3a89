/**
 * gzip of any number of members → what they hold. Node's own stream takes what follows the last member for another one
 * and reports an "unexpected end of file", whether the file is truncated or a line feed follows. Here each member is
 * read by itself, so that an error can say what is wrong and where.
 */
import { crc32, createInflateRaw, type InflateRaw } from 'node:zlib';

const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
const DEFLATE = 8;
const HAS_CRC = 2;
const HAS_EXTRA = 4;
const HAS_NAME = 8;
const HAS_COMMENT = 16;

/** RFC 1952. Rejects with an error that says what is wrong at which byte; what was read before has been yielded. */
export async function* gunzip(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const source = new ByteSource(chunks);
  for (let isFirst = true; ; isFirst = false) {
    if (!isFirst && !(await startsMember(source))) return;
    await skipHeader(source);
    let crc = 0;
    let sizeBytes = 0;
    for await (const part of inflateOne(source)) {
      crc = crc32(part, crc);
      sizeBytes = (sizeBytes + part.length) % 2 ** 32;
      yield part;
    }
    const trailer = await source.take(TRAILER_BYTES);
    if (trailer.readUInt32LE(0) !== crc || trailer.readUInt32LE(4) !== sizeBytes) {
      throw new Error(`the gzip data that end at byte ${source.position} are damaged: the checksum does not match`);
    }
  }
}

/** False at the end, where blanks, line breaks and zero bytes count as nothing. */
async function startsMember(source: ByteSource): Promise<boolean> {
  for (;;) {
    const head = await source.peek(1);
    const [byte] = head;
    if (byte === undefined) return false;
    if (byte === 0x1f) return true;
    if (byte !== 0 && byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
      const shown = JSON.stringify((await source.peek(16)).toString('latin1'));
      throw new Error(
        `the gzip data end at byte ${source.position}, and what follows is not gzip (it starts with ${shown}); ` +
          'everything before it has been read. Decompress the file by hand, or remove what follows',
      );
    }
    await source.take(1);
  }
}

async function skipHeader(source: ByteSource): Promise<void> {
  const startsAt = source.position;
  const header = await source.take(HEADER_BYTES);
  if (header[0] !== 0x1f || header[1] !== 0x8b || header[2] !== DEFLATE) {
    throw new Error(`the data at byte ${startsAt} are not gzip, although the first byte is that of gzip`);
  }
  const flags = header.readUInt8(3);
  if ((flags & HAS_EXTRA) !== 0) await source.take((await source.take(2)).readUInt16LE(0));
  for (const flag of [HAS_NAME, HAS_COMMENT]) {
    if ((flags & flag) === 0) continue;
    while ((await source.take(1))[0] !== 0);
  }
  if ((flags & HAS_CRC) !== 0) await source.take(2);
}

/** One deflate stream; the source is after it then. */
async function* inflateOne(source: ByteSource): AsyncGenerator<Buffer> {
  const inflate = createInflateRaw();
  const startsAt = source.position;
  const feeding = feed(source, inflate).catch((error: unknown) => void inflate.destroy(error as Error));
  try {
    for await (const part of inflate) yield part as Buffer;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isOfZlib = code?.startsWith('Z_') === true;
    throw isOfZlib ? new Error(`the gzip data that start before byte ${startsAt} are damaged: ${message}`) : error;
  } finally {
    inflate.destroy();
    await feeding;
  }
}

/** Ends when the deflate stream does, and gives back what it did not need. */
async function feed(source: ByteSource, inflate: InflateRaw): Promise<void> {
  let fedBytes = 0;
  const over = new Promise<void>((resolve) => inflate.once('end', resolve).once('close', resolve));
  while (!inflate.destroyed) {
    const chunk = await source.next();
    if (chunk === undefined) throw new TruncatedError(source.position);
    fedBytes += chunk.length;
    await Promise.race([new Promise<void>((resolve) => inflate.write(chunk, () => resolve())), over]);
    // Only a stream that has ended leaves bytes; at least those of the trailer follow it.
    const surplus = fedBytes - inflate.bytesWritten;
    if (surplus === 0) continue;
    source.unread(chunk.subarray(chunk.length - surplus));
    inflate.end();
    return;
  }
}

class TruncatedError extends Error {
  constructor(position: number) {
    super(`the gzip data end early at byte ${position}: the file is truncated; get it again`);
  }
}

class ByteSource {
  readonly #chunks: AsyncIterator<Buffer, unknown>;
  #held: Buffer = Buffer.alloc(0);
  /** Of the next byte, from 0. */
  position = 0;

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Undefined at the end. */
  async next(): Promise<Buffer | undefined> {
    if (this.#held.length === 0) await this.#more();
    const chunk = this.#held;
    if (chunk.length === 0) return undefined;
    this.#held = Buffer.alloc(0);
    this.position += chunk.length;
    return chunk;
  }

  unread(bytes: Buffer): void {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([bytes, this.#held]);
    this.position -= bytes.length;
  }

  /** Up to so many bytes, which are not taken. */
  async peek(count: number): Promise<Buffer> {
    while (this.#held.length < count && (await this.#more()));
    return this.#held.subarray(0, count);
  }

  async take(count: number): Promise<Buffer> {
    const bytes = await this.peek(count);
    if (bytes.length < count) throw new TruncatedError(this.position + bytes.length);
    this.#held = this.#held.subarray(count);
    this.position += count;
    return bytes;
  }

  async #more(): Promise<boolean> {
    const read: IteratorResult<Buffer, unknown> = await this.#chunks.next();
    if (read.done === true) return false;
    this.#held = this.#held.length === 0 ? read.value : Buffer.concat([this.#held, read.value]);
    return true;
  }
}
