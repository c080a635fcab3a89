/**
 * What an answer of the API, or its absence, means for the command: the one table of it. Segment's own list of what is worth repeating
 * (408, 423, 429, 5xx except 501) plus 425; a refused credential halts, since no command is at fault.
 */

export interface ApiResponse {
  readonly kind: 'response';
  readonly status: number;
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Start of the body, bounded by the client. */
  readonly body: string;
}

/** No answer: whether the effect happened is unknown, and the idempotency key makes asking again safe. */
export interface ApiNoResponse {
  readonly kind: 'no-response';
  readonly reason: 'timeout' | 'connection' | 'name-resolution';
  readonly message: string;
}

export type ApiOutcome = ApiResponse | ApiNoResponse;

export type Verdict =
  /** The effect has happened. `duplicate`: by an earlier call of the same command. */
  | { readonly kind: 'delivered'; readonly duplicate: boolean }
  | {
      readonly kind: 'retry';
      /** Closed set, for metrics. */
      readonly reason: RetryReason;
      /** Earliest next attempt by the API's own word, in milliseconds from now. */
      readonly afterMs: number | undefined;
      readonly message: string;
      readonly status: number | undefined;
    }
  /** The credential is refused: the connector waits, whatever it takes. */
  | { readonly kind: 'halt'; readonly message: string; readonly status: number }
  /** No repetition helps. */
  | { readonly kind: 'rejected'; readonly message: string; readonly status: number };

export const retryReasons = [
  'timeout',
  'connection',
  'name-resolution',
  'in-progress',
  'rate-limited',
  'request-timeout',
  'server-error',
  /** A redirect, which is never followed, or another status that is no answer to a command. */
  'unexpected-status',
] as const;
export type RetryReason = (typeof retryReasons)[number];

/**
 * Problem code of a 422 that says: this key has been executed, with other content (IETF draft, section 2.6). A command's id is that of its
 * event, and a sender that repeats an event changes it: SDKs put a new `sentAt` on each attempt, which moves the corrected `occurredAt`. The
 * first one counts, as with Segment's own deduplication by `messageId`.
 */
export const EXECUTED_BEFORE_CODE = 'idempotency-key-reused';

/** Problem code of a 409 that says: an earlier call with this key is still running (IETF draft, section 2.6). */
export const IN_PROGRESS_CODE = 'idempotency-key-in-use';

const retriedStatuses: ReadonlyMap<number, RetryReason> = new Map([
  [408, 'request-timeout'],
  [423, 'in-progress'],
  [425, 'in-progress'],
  [429, 'rate-limited'],
]);

const MAX_MESSAGE_CHARACTERS = 1_000;

/** `nowMs` is for `Retry-After` given as a date. */
export function classifyResponse(outcome: ApiOutcome, nowMs: number): Verdict {
  if (outcome.kind === 'no-response') {
    const { reason, message } = outcome;
    return { kind: 'retry', reason, afterMs: undefined, message, status: undefined };
  }
  const { status, headers } = outcome;
  if (status >= 200 && status < 300) {
    return { kind: 'delivered', duplicate: headers['idempotency-replayed'] === 'true' };
  }
  const problem = readProblem(outcome);
  const { message } = problem;
  const reason =
    retriedStatuses.get(status) ??
    (status === 409 && problem.code === IN_PROGRESS_CODE ? 'in-progress' : undefined) ??
    (status >= 500 && status !== 501 ? 'server-error' : undefined) ??
    // A proxy's redirect to its maintenance page must not empty the topic into the dead letters.
    (status < 400 ? 'unexpected-status' : undefined);
  if (reason !== undefined) {
    return { kind: 'retry', reason, afterMs: parseRetryAfter(headers['retry-after'], nowMs), message, status };
  }
  if (status === 422 && problem.code === EXECUTED_BEFORE_CODE) return { kind: 'delivered', duplicate: true };
  if (status === 401 || status === 403) return { kind: 'halt', message, status };
  return { kind: 'rejected', message, status };
}

/** `Retry-After` as seconds or as an HTTP date (RFC 9110, 10.2.3), in milliseconds from now; undefined for anything else. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (/^\d{1,12}$/.test(text)) return Number(text) * 1_000;
  const atMs = /^[A-Za-z]{3}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}

interface Problem {
  readonly code: string | undefined;
  readonly message: string;
}

/** RFC 9457, or the start of whatever the body is. */
function readProblem({ status, body }: ApiResponse): Problem {
  const plain = { code: undefined, message: `status ${status}: ${body.slice(0, MAX_MESSAGE_CHARACTERS)}` };
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return plain;
  }
  if (typeof parsed !== 'object' || parsed === null) return plain;
  const { code, title, detail } = parsed as Record<string, unknown>;
  const words = [title, detail].filter((word) => typeof word === 'string').join(': ');
  if (words === '') return { ...plain, code: typeof code === 'string' ? code : undefined };
  return {
    code: typeof code === 'string' ? code : undefined,
    message: `status ${status}: ${words}`.slice(0, MAX_MESSAGE_CHARACTERS),
  };
}
