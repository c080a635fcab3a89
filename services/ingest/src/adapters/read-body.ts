/**
 * A request's body as one buffer: bounded as it is read and as it is inflated, within a budget shared by all requests.
 */
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, inflate, inflateRaw } from 'node:zlib';
import type { ErrorCode } from '@astrolabe/service-kit/errors';
import type { ByteBudget, ByteHold } from '../core/limits/byte-budget.ts';
import type { FairSlots } from '../turns.ts';

export interface BodyLimits {
  /** As it comes over the network. */
  readonly maxBodyBytes: number;
  /** After inflating; a bound on what a small compressed body can cost. */
  readonly maxInflatedBytes: number;
}

export type ReadBody =
  | { readonly kind: 'body'; readonly bytes: Buffer }
  /** `inflatedBytes` counts what was inflated before the refusal. */
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string; readonly inflatedBytes: number }
  /** The budget of all requests is used up. */
  | { readonly kind: 'overloaded' }
  /** The owner already holds its share of the budget. */
  | { readonly kind: 'beyond-share' };

/** Owner of the body. */
export interface BodyOwner {
  /** Of the bytes in flight. */
  readonly owner: string;
  /** The sender in whose turn it is inflated. */
  readonly turn: string;
}

/** Never rejects: a broken connection is a refusal that nobody reads. */
export async function readBody(
  request: IncomingMessage,
  limits: BodyLimits,
  budget: ByteBudget,
  hold: ByteHold,
  { owner, turn }: BodyOwner,
  inflating: FairSlots,
): Promise<ReadBody> {
  const inflater = findInflater(request.headers['content-encoding']);
  if (inflater === undefined) {
    return refuse('request.encoding', 'the content encoding is not supported; send gzip, deflate or none');
  }
  // A client that waits for permission before it sends saves both sides the transfer.
  const announcedBytes = Number(request.headers['content-length'] ?? 0);
  if (announcedBytes > limits.maxBodyBytes) return refuseSize(limits.maxBodyBytes);
  if (!budget.hasRoomFor(announcedBytes)) return { kind: 'overloaded' };
  const read = await readStream(request, limits.maxBodyBytes, hold);
  if (read.kind !== 'body') return read;
  // Done before the body waits for anything, so that one sender's bodies leave room for those of others.
  if (!hold.claim(owner)) return { kind: 'beyond-share' };
  if (inflater === 'none') return read;
  const inflate = () => inflateBody(read.bytes, inflater, limits, hold);
  const inflated = await inflating.run(turn, inflate, bytesOf);
  return inflated.kind === 'body' && !hold.claim(owner) ? { kind: 'beyond-share' } : inflated;
}

function bytesOf(read: ReadBody): number {
  return read.kind === 'body' ? read.bytes.length : read.kind === 'refused' ? read.inflatedBytes : 0;
}

function readStream(request: IncomingMessage, maxBodyBytes: number, hold: ByteHold): Promise<ReadBody> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const settle = (result: ReadBody) => {
      endReading();
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      // A late error of a connection that was given up must not become an uncaught exception.
      request.on('error', () => undefined);
      resolve(result);
    };
    const onData = (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBodyBytes) {
        settle(refuseSize(maxBodyBytes));
      } else if (!hold.take(chunk.length)) {
        settle({ kind: 'overloaded' });
      } else {
        chunks.push(chunk);
        return;
      }
      // The rest is read and dropped: otherwise a sender that is still writing would never read the answer.
      request.resume();
    };
    const onEnd = () => {
      const [first] = chunks;
      settle({
        kind: 'body',
        bytes: chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, sizeBytes),
      });
    };
    const endReading = hold.reading(() => {
      settle({ kind: 'overloaded' });
      request.resume();
    });
    const onClose = () => settle(refuse('request.incomplete', 'the connection closed before the body was complete'));
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

type Inflate = (body: Buffer, options: { maxOutputLength: number; chunkSize: number }) => Promise<Buffer>;

const inflateGzip: Inflate = promisify(gunzip);
const inflateZlib: Inflate = promisify(inflate);
const inflateBare: Inflate = promisify(inflateRaw);

/** In RFC 9110 "deflate" means zlib's format; some clients send raw deflate under that name. */
const inflateDeflate: Inflate = (body, options) => (hasZlibHeader(body) ? inflateZlib : inflateBare)(body, options);

function hasZlibHeader(body: Buffer): boolean {
  const [method = 0, flags = 0] = body;
  return (method & 0x0f) === 8 && ((method << 8) | flags) % 31 === 0;
}

function findInflater(contentEncoding: string | undefined): Inflate | 'none' | undefined {
  switch (contentEncoding?.trim().toLowerCase()) {
    case undefined:
    case '':
    case 'identity':
      return 'none';
    case 'gzip':
    case 'x-gzip':
      return inflateGzip;
    case 'deflate':
      return inflateDeflate;
    default:
      return undefined;
  }
}

/** Each chunk costs a round trip to another thread. The default of 16 KiB makes 48 of them for the largest body. */
const INFLATED_CHUNK_BYTES = 65_536;

async function inflateBody(
  body: Buffer,
  inflater: Inflate,
  { maxInflatedBytes }: BodyLimits,
  hold: ByteHold,
): Promise<ReadBody> {
  let bytes: Buffer;
  try {
    bytes = await inflater(body, { maxOutputLength: maxInflatedBytes, chunkSize: INFLATED_CHUNK_BYTES });
  } catch (error) {
    const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    if (isTooLarge) return refuseSize(maxInflatedBytes, maxInflatedBytes);
    return refuse('request.encoding', 'the body is not what its content encoding says: it cannot be inflated');
  }
  return hold.take(bytes.length) ? { kind: 'body', bytes } : { kind: 'overloaded' };
}

/** The words that Segment uses since 2025 (segment-docs PR #7422). */
function refuseSize(maxBytes: number, inflatedBytes = 0): ReadBody {
  const message = `Exceed payload limit: at most ${maxBytes} bytes are taken; split the batch`;
  return { kind: 'refused', code: 'event.too-large', message, inflatedBytes };
}

function refuse(code: ErrorCode, message: string): ReadBody {
  return { kind: 'refused', code, message, inflatedBytes: 0 };
}
