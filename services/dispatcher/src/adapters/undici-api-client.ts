import { Pool, errors, type Dispatcher } from 'undici';
import type { ApiClient } from '../api-client.ts';
import type { ApiNoResponse, ApiOutcome } from '../core/classify-response.ts';

export interface ApiClientOptions {
  /** Base URL, with the path's prefix if the API has one. No trailing slash. */
  readonly baseUrl: string;
  /** For connecting, for the answer's head and for its whole. */
  readonly timeoutMs: number;
  /** Default: one for each call in flight. */
  readonly maxConnections?: number;
}

/** What of an answer's body is kept. The rest is read off, so that the connection can be used again. */
const MAX_BODY_BYTES = 16_384;
/** Beyond this much the connection is closed: a new one costs less. */
const MAX_READ_OFF_BYTES = 262_144;

const NAME_RESOLUTION_CODES = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA']);

export function createApiClient({ baseUrl, timeoutMs, maxConnections }: ApiClientOptions): ApiClient {
  const { origin, pathname } = new URL(baseUrl);
  const prefix = pathname.replace(/\/+$/, '');
  const pool = new Pool(origin, {
    connections: maxConnections ?? null,
    connect: { timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    // A redirect is never followed: the key would go to wherever the answer says.
  });
  return {
    call: async ({ method, path, body, idempotencyKey }, apiKey, signal) => {
      signal.throwIfAborted();
      const deadline = AbortSignal.timeout(timeoutMs);
      try {
        const response = await pool.request({
          method,
          path: prefix + path,
          ...(body === undefined ? {} : { body }),
          headers: {
            authorization: `Bearer ${apiKey}`,
            'idempotency-key': idempotencyKey,
            accept: 'application/json, application/problem+json',
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          signal: AbortSignal.any([signal, deadline]),
        });
        return await toOutcome(response);
      } catch (error) {
        signal.throwIfAborted();
        return toNoResponse(error, deadline.aborted, timeoutMs);
      }
    },
    close: () => pool.close(),
  };
}

async function toOutcome({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<ApiOutcome> {
  const flat: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(headers)) flat[name] = Array.isArray(value) ? value[0] : value;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if (size < MAX_BODY_BYTES) chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_READ_OFF_BYTES) break;
  }
  const text = Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString('utf8');
  return { kind: 'response', status: statusCode, headers: flat, body: text };
}

function toNoResponse(error: unknown, timedOut: boolean, timeoutMs: number): ApiNoResponse {
  if (
    timedOut ||
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError ||
    error instanceof errors.ConnectTimeoutError
  ) {
    return { kind: 'no-response', reason: 'timeout', message: `no answer within ${timeoutMs} ms` };
  }
  const { code, message } = error as { code?: string; message?: string };
  const text = [code, message].filter(Boolean).join(': ');
  return {
    kind: 'no-response',
    reason: code !== undefined && NAME_RESOLUTION_CODES.has(code) ? 'name-resolution' : 'connection',
    message: text === '' ? String(error) : text,
  };
}
