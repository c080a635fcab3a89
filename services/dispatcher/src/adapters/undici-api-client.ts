import type { TlsMaterial } from '@astrolabe/service-kit/tls';
import { errors, type Client, type Dispatcher } from 'undici';
import type { ApiCall, ApiCallReceiver, ApiClient } from '../calls/api-client.ts';
import type { ApiRequest } from '../core/api-request.ts';
import type { ApiNoResponse, ApiOutcome } from '../core/classify-response.ts';
import { createKeyRedactor } from '../core/redact-key.ts';
import { Connections } from './connections.ts';

export interface ApiClientOptions {
  /** Base URL, with the path's prefix if the API has one. No trailing slash. */
  readonly baseUrl: string;
  /** For a whole call: connecting, the answer's head and all of its body. */
  readonly timeoutMs: number;
  /** Of an https URL. Default: the authorities that Node knows, and no certificate of ours. */
  readonly tls?: TlsMaterial;
}

/**
 * What of an answer's body is kept, of a single call and of a bulk call. The rest is read off, so that the connection
 * can be used again.
 */
const MAX_BODY_BYTES = 16_384;
const MAX_BULK_BODY_BYTES = 1_048_576;
/** Beyond this much the connection is closed: a new one costs less. */
const MAX_READ_OFF_BYTES = 262_144;

const NAME_RESOLUTION_CODES = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA']);

export function createApiClient(options: ApiClientOptions): ApiClient {
  return new UndiciApiClient(options);
}

class UndiciApiClient implements ApiClient {
  readonly #connections: Connections;
  readonly #prefix: string;
  readonly #deadlines: CallDeadlines;
  readonly #credentials = new Map<string, Credential>();

  constructor({ baseUrl, timeoutMs, tls = {} }: ApiClientOptions) {
    const { origin, pathname } = new URL(baseUrl);
    this.#prefix = pathname.replace(/\/+$/, '');
    this.#deadlines = new CallDeadlines(timeoutMs);
    this.#connections = new Connections(origin, timeoutMs, tls);
  }

  call(request: ApiRequest, apiKey: string, receiver: ApiCallReceiver): ApiCall {
    const { method, path, body, idempotencyKey } = request;
    const { authorization, redact } = this.#credentialOf(apiKey);
    const connection = this.#connections.take();
    const isBulk = idempotencyKey === undefined;
    const call = new UndiciCall(receiver, this.#deadlines, this.#connections, connection, isBulk, redact);
    const headers = ['authorization', authorization, 'accept', ACCEPT];
    if (idempotencyKey !== undefined) headers.push('idempotency-key', idempotencyKey);
    if (body !== undefined) headers.push('content-type', 'application/json');
    this.#deadlines.add(call);
    connection.dispatch({ method, path: this.#prefix + path, body: body ?? null, headers }, call);
    call.started();
    return call;
  }

  async close(): Promise<void> {
    this.#deadlines.close();
    await this.#connections.close();
  }

  #credentialOf(apiKey: string): Credential {
    let credential = this.#credentials.get(apiKey);
    if (credential === undefined) {
      credential = { authorization: `Bearer ${apiKey}`, redact: createKeyRedactor(apiKey) };
      this.#credentials.set(apiKey, credential);
    }
    return credential;
  }
}

interface Credential {
  readonly authorization: string;
  /** Takes the key out of what the API says. */
  readonly redact: (text: string) => string;
}

const ACCEPT = 'application/json, application/problem+json';

/** One call as undici's handler: its methods are called by the parser. */
class UndiciCall implements ApiCall, Dispatcher.DispatchHandler {
  readonly #receiver: ApiCallReceiver;
  readonly #deadlines: CallDeadlines;
  readonly #connections: Connections;
  /** Undefined once it is given back. */
  #connection: Client | undefined;
  readonly #isBulk: boolean;
  readonly #redact: (text: string) => string;
  readonly startedAtMs = performance.now();
  #controller: Dispatcher.DispatchController | undefined;
  #isStarting = true;
  #isOver = false;
  #status = 0;
  #headers: Readonly<Record<string, string | undefined>> = noHeaders;
  #chunks: Buffer[] | undefined;
  #bytes = 0;

  constructor(
    receiver: ApiCallReceiver,
    deadlines: CallDeadlines,
    connections: Connections,
    connection: Client,
    isBulk: boolean,
    redact: (text: string) => string,
  ) {
    this.#receiver = receiver;
    this.#deadlines = deadlines;
    this.#connections = connections;
    this.#connection = connection;
    this.#isBulk = isBulk;
    this.#redact = redact;
  }

  started(): void {
    this.#isStarting = false;
  }

  abort(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#deadlines.delete(this);
    this.#controller?.abort(new errors.RequestAbortedError());
  }

  expire(timeoutMs: number): void {
    if (this.#isOver) return;
    this.#end({ kind: 'no-response', reason: 'timeout', message: `no answer within ${timeoutMs} ms` });
    this.#controller?.abort(new errors.RequestAbortedError());
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isOver) controller.abort(new errors.RequestAbortedError());
  }

  onResponseStart(_controller: unknown, status: number, headers: Record<string, string | string[] | undefined>): void {
    this.#status = status;
    const isSuccess = status >= 200 && status < 300;
    // Nothing else of a success is looked at.
    if (isSuccess) this.#headers = headers['idempotency-replayed'] === 'true' ? replayedHeaders : noHeaders;
    else this.#headers = flatten(headers);
    this.#chunks = isSuccess && !this.#isBulk ? undefined : [];
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    if (this.#isOver) return;
    const maxBytes = this.#isBulk ? MAX_BULK_BODY_BYTES : MAX_BODY_BYTES;
    if (this.#bytes < maxBytes) this.#chunks?.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes <= Math.max(maxBytes, MAX_READ_OFF_BYTES)) return;
    this.#answer();
    this.#controller?.abort(new errors.RequestAbortedError());
  }

  onResponseEnd(): void {
    // Before the answer, which makes room for the next call: that goes out on the connection that has just been heard
    // from.
    this.#giveBack();
    if (!this.#isOver) this.#answer();
  }

  onResponseError(_controller: unknown, error: Error): void {
    // Not before undici is through with the failure: a call that the outcome sets off must not find a client that is
    // still clearing up.
    setImmediate(() => {
      this.#giveBack();
    });
    if (this.#isOver) return;
    const outcome = toNoResponse(error);
    // A request that cannot even be built is refused within `dispatch`.
    if (this.#isStarting)
      process.nextTick(() => {
        if (!this.#isOver) this.#end(outcome);
      });
    else this.#end(outcome);
  }

  /** Only undici knows when a connection is free: a call that was given up may still be under way on it. */
  #giveBack(): void {
    if (this.#connection === undefined) return;
    this.#connections.give(this.#connection);
    this.#connection = undefined;
  }

  #answer(): void {
    const maxBytes = this.#isBulk ? MAX_BULK_BODY_BYTES : MAX_BODY_BYTES;
    const chunks = this.#chunks;
    const body = chunks === undefined ? '' : Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8');
    this.#end({ kind: 'response', status: this.#status, headers: this.#headers, body: this.#redact(body) });
  }

  #end(outcome: ApiOutcome): void {
    this.#isOver = true;
    this.#deadlines.delete(this);
    this.#receiver.onOutcome(outcome);
  }
}

/** Ends calls that take too long. All have the same time, so the oldest is the first due: one timer serves them all. */
class CallDeadlines {
  readonly #timeoutMs: number;
  readonly #calls = new Set<UndiciCall>();
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  add(call: UndiciCall): void {
    this.#calls.add(call);
    this.#timer ??= this.#arm(call);
  }

  delete(call: UndiciCall): void {
    this.#calls.delete(call);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const call of this.#calls) call.abort();
  }

  #arm(oldest: UndiciCall): NodeJS.Timeout {
    const remainingMs = Math.max(1, Math.ceil(oldest.startedAtMs + this.#timeoutMs - performance.now()));
    return setTimeout(() => {
      const nowMs = performance.now();
      for (const call of this.#calls) {
        if (call.startedAtMs + this.#timeoutMs > nowMs) break;
        this.#calls.delete(call);
        call.expire(this.#timeoutMs);
      }
      const [next] = this.#calls;
      this.#timer = next === undefined ? undefined : this.#arm(next);
    }, remainingMs);
  }
}

const noHeaders = Object.freeze({});
const replayedHeaders = Object.freeze({ 'idempotency-replayed': 'true' });

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string | undefined> {
  const flat: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(headers)) flat[name] = Array.isArray(value) ? value[0] : value;
  return flat;
}

function toNoResponse(error: Error & { readonly code?: string }): ApiNoResponse {
  const { code, message } = error;
  if (error instanceof errors.ConnectTimeoutError) return { kind: 'no-response', reason: 'timeout', message };
  const text = [code, message].filter(Boolean).join(': ');
  return {
    kind: 'no-response',
    reason: code !== undefined && NAME_RESOLUTION_CODES.has(code) ? 'name-resolution' : 'connection',
    message: text === '' ? String(error) : text,
    code,
  };
}
