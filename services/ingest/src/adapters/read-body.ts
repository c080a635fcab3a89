/**
 * A request's body as one buffer, bounded as it is read within a budget shared by all requests. It is inflated if the
 * result is small; a large one is left to the thread that reads it, so that it is never in this thread's memory.
 */
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, inflate, inflateRaw } from 'node:zlib';
import type { ErrorCode } from '@astrolabe/service-kit/errors';
import type { ByteBudget, ByteHold } from '../core/limits/byte-budget.ts';
import { MAX_INLINE_BYTES } from '../core/limits/inline-body.ts';
import {
  encodingOf,
  explainNotInflated,
  formatOf,
  isTooLarge,
  refuseSize,
  type ReceivedBody,
  type RefusedBody,
} from '../core/request/inflate-body.ts';
import type { FairSlots } from '../turns.ts';

export interface BodyLimits {
  /** As it comes over the network. */
  readonly maxBodyBytes: number;
  /** After inflating; a bound on what a small compressed body can cost. */
  readonly maxInflatedBytes: number;
}

export type ReadBody =
  | { readonly kind: 'body'; readonly body: ReceivedBody }
  | ({ readonly kind: 'refused' } & RefusedBody)
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
  const encoding = encodingOf(request.headers['content-encoding']);
  if (encoding === undefined) {
    return refuse('request.encoding', 'the content encoding is not supported; send gzip, deflate or none');
  }
  // A client that waits for permission before it sends saves both sides the transfer.
  const announcedBytes = Number(request.headers['content-length'] ?? 0);
  if (announcedBytes > limits.maxBodyBytes) return { kind: 'refused', ...refuseSize(limits.maxBodyBytes) };
  if (!budget.hasRoomFor(announcedBytes)) return { kind: 'overloaded' };
  const read = await readStream(request, limits.maxBodyBytes, hold);
  if (read.kind !== 'received') return read;
  // Done before the body waits for anything, so that one sender's bodies leave room for those of others.
  if (!hold.claim(owner)) return { kind: 'beyond-share' };
  const body = { bytes: read.bytes, encoding };
  if (encoding === 'none') return { kind: 'body', body };
  const inflated = await inflating.run(turn, () => inflateSmall(body, limits, hold), bytesOf);
  return inflated.kind === 'body' && !hold.claim(owner) ? { kind: 'beyond-share' } : inflated;
}

function bytesOf(read: ReadBody): number {
  if (read.kind === 'refused') return read.inflatedBytes;
  if (read.kind !== 'body') return 0;
  return read.body.encoding === 'none' ? read.body.bytes.length : MAX_INLINE_BYTES;
}

type ReadStream = Exclude<ReadBody, { kind: 'body' }> | { readonly kind: 'received'; readonly bytes: Buffer };

function readStream(request: IncomingMessage, maxBodyBytes: number, hold: ByteHold): Promise<ReadStream> {
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let sizeBytes = 0;
    let isSettled = false;
    // The listeners stay: what still comes is read and dropped, or a sender that is still writing would never read the
    // answer; and a late error of a connection that was given up must not become an uncaught exception.
    const settle = (result: ReadStream) => {
      if (isSettled) return;
      isSettled = true;
      chunks = [];
      endReading();
      resolve(result);
    };
    const onData = (chunk: Buffer) => {
      if (isSettled) return;
      sizeBytes += chunk.length;
      if (sizeBytes > maxBodyBytes) settle({ kind: 'refused', ...refuseSize(maxBodyBytes) });
      else if (!hold.take(chunk.length)) settle({ kind: 'overloaded' });
      else chunks.push(chunk);
    };
    const onEnd = () => {
      // Filling a buffer of the size of what was dropped would take memory beyond the budget.
      if (isSettled) return;
      const [first] = chunks;
      settle({
        kind: 'received',
        bytes: chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, sizeBytes),
      });
    };
    const endReading = hold.reading(() => settle({ kind: 'overloaded' }));
    const onClose = () => settle(refuse('request.incomplete', 'the connection closed before the body was complete'));
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

const inflaters = { gzip: promisify(gunzip), zlib: promisify(inflate), raw: promisify(inflateRaw) };

/** By threads of libuv. A body that becomes larger than what is read inline is returned as it is. */
async function inflateSmall(
  body: ReceivedBody,
  { maxInflatedBytes }: BodyLimits,
  hold: ByteHold,
): Promise<Extract<ReadBody, { kind: 'body' | 'refused' | 'overloaded' }>> {
  const format = formatOf(body);
  if (format === 'none') return { kind: 'body', body };
  const maxOutputLength = Math.min(maxInflatedBytes, MAX_INLINE_BYTES);
  try {
    // One chunk, since each costs a round trip to another thread.
    const bytes = await inflaters[format](body.bytes, { maxOutputLength, chunkSize: maxOutputLength });
    return hold.take(bytes.length) ? { kind: 'body', body: { bytes, encoding: 'none' } } : { kind: 'overloaded' };
  } catch (error) {
    if (isTooLarge(error) && maxOutputLength < maxInflatedBytes) return { kind: 'body', body };
    return { kind: 'refused', ...explainNotInflated(error, maxInflatedBytes) };
  }
}

function refuse(code: ErrorCode, message: string): Extract<ReadBody, { kind: 'refused' }> {
  return { kind: 'refused', code, message, inflatedBytes: 0 };
}
