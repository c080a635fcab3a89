/** Inflates bodies, within a bound, and says why one cannot be inflated. */
import { gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import type { ErrorCode } from '@astrolabe/service-kit/errors';

/** What is left to be done with a body before it can be read. */
export type BodyEncoding = 'none' | 'gzip' | 'deflate';

/** A body as it was received; or inflated, and then its encoding is none. */
export interface ReceivedBody {
  readonly bytes: Buffer;
  readonly encoding: BodyEncoding;
}

/** A body that could not be accepted. */
export interface RefusedBody {
  readonly code: ErrorCode;
  readonly message: string;
  /** Bytes that were inflated before the refusal. */
  readonly inflatedBytes: number;
}

export type InflatedBody =
  { readonly kind: 'inflated'; readonly bytes: Buffer } | ({ readonly kind: 'refused' } & RefusedBody);

/** Undefined for an encoding that is not supported. */
export function encodingOf(contentEncoding: string | undefined): BodyEncoding | undefined {
  switch (contentEncoding?.trim().toLowerCase()) {
    case undefined:
    case '':
    case 'identity':
      return 'none';
    case 'gzip':
    case 'x-gzip':
      return 'gzip';
    case 'deflate':
      return 'deflate';
    default:
      return undefined;
  }
}

/** The format of the compressed bytes. In RFC 9110 "deflate" means zlib's; some clients send raw deflate instead. */
export function formatOf({ bytes, encoding }: ReceivedBody): 'gzip' | 'zlib' | 'raw' | 'none' {
  if (encoding !== 'deflate') return encoding;
  const [method = 0, flags = 0] = bytes;
  return (method & 0x0f) === 8 && ((method << 8) | flags) % 31 === 0 ? 'zlib' : 'raw';
}

/** On the calling thread. */
export function inflateBody(body: ReceivedBody, maxInflatedBytes: number): InflatedBody {
  const format = formatOf(body);
  if (format === 'none') return { kind: 'inflated', bytes: body.bytes };
  try {
    return { kind: 'inflated', bytes: inflaters[format](body.bytes, { maxOutputLength: maxInflatedBytes }) };
  } catch (error) {
    return { kind: 'refused', ...explainNotInflated(error, maxInflatedBytes) };
  }
}

const inflaters = { gzip: gunzipSync, zlib: inflateSync, raw: inflateRawSync };

/** Of an error of `node:zlib`. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

export function explainNotInflated(error: unknown, maxInflatedBytes: number): RefusedBody {
  if (isTooLarge(error)) return refuseSize(maxInflatedBytes, maxInflatedBytes);
  const message = 'the body is not what its content encoding says: it cannot be inflated';
  return { code: 'request.encoding', message, inflatedBytes: 0 };
}

/** The words that Segment uses since 2025 (segment-docs PR #7422). */
export function refuseSize(maxBytes: number, inflatedBytes = 0): RefusedBody {
  const message = `Exceed payload limit: at most ${maxBytes} bytes are taken; split the batch`;
  return { code: 'event.too-large', message, inflatedBytes };
}
