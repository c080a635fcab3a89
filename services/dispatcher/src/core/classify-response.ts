/**
 * What an answer of the API, or its absence, means for the command: the one table of it. Segment's own list of what is
 * worth repeating (408, 423, 429, 5xx except 501) plus 425; a refused credential halts, since no command is at fault.
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
  /** Of the system, of TLS or of the HTTP client: `ECONNREFUSED`, `CERT_HAS_EXPIRED`. */
  readonly code?: string | undefined;
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
  /** A redirect, which is never followed, or another status that does not answer a command. */
  'unexpected-status',
] as const;
export type RetryReason = (typeof retryReasons)[number];

/**
 * Problem code of a 422 that says: this key has been executed, with other content (IETF draft, section 2.6). A
 * command's id is that of its event, and a sender that repeats an event changes it: SDKs put a new `sentAt` on each
 * attempt, which moves the corrected `occurredAt`. The first one counts, as with Segment's own deduplication by
 * `messageId`.
 */
export const EXECUTED_BEFORE_CODE = 'idempotency-key-reused';

/** Problem code of a 409 that says: an earlier call with this key is still running (IETF draft, section 2.6). */
export const IN_PROGRESS_CODE = 'idempotency-key-in-use';

/** What is done with a command after an answer. */
export interface OutcomeRule {
  /** Statuses from `from` to `to`, both included. */
  readonly from: number;
  readonly to: number;
  /** Only where the problem document of the answer has this code. */
  readonly code?: string;
  readonly outcome: Exclude<Verdict['kind'], 'delivered'> | 'delivered' | 'duplicate';
  /** With `retry`. */
  readonly reason?: RetryReason;
  readonly why: string;
}

/** The table. The first row that fits counts; `docs/delivery.md` shows it. */
export const outcomeRules: readonly OutcomeRule[] = [
  { from: 200, to: 299, outcome: 'delivered', why: 'With `Idempotency-Replayed: true` it counts as a duplicate.' },
  { from: 401, to: 401, outcome: 'halt', why: 'The key is refused, so no command is at fault. The connector waits.' },
  { from: 403, to: 403, outcome: 'halt', why: 'The key may not do this. The connector waits.' },
  { from: 408, to: 408, outcome: 'retry', reason: 'request-timeout', why: 'The request did not arrive completely.' },
  {
    from: 409,
    to: 409,
    code: IN_PROGRESS_CODE,
    outcome: 'retry',
    reason: 'in-progress',
    why: 'An earlier call for the same command is still running.',
  },
  {
    from: 422,
    to: 422,
    code: EXECUTED_BEFORE_CODE,
    outcome: 'duplicate',
    why: 'The command was executed before, from an event that its sender then changed. The first one counts.',
  },
  { from: 423, to: 423, outcome: 'retry', reason: 'in-progress', why: 'Locked for now.' },
  { from: 425, to: 425, outcome: 'retry', reason: 'in-progress', why: 'Too early.' },
  {
    from: 429,
    to: 429,
    outcome: 'retry',
    reason: 'rate-limited',
    why: 'The whole connector pauses for `Retry-After`.',
  },
  { from: 501, to: 501, outcome: 'rejected', why: 'The API does not offer this, and a retry will not change that.' },
  { from: 400, to: 499, outcome: 'rejected', why: 'A retry cannot help: the command is dead-lettered.' },
  {
    from: 500,
    to: 599,
    outcome: 'retry',
    reason: 'server-error',
    why: 'The API, or something in front of it, failed.',
  },
  {
    from: 100,
    to: 999,
    outcome: 'retry',
    reason: 'unexpected-status',
    why: "This does not answer a command. A proxy's redirect to its maintenance page must not empty the topic into the dead letters.",
  },
];

const MAX_MESSAGE_CHARACTERS = 1_000;

/** `nowMs` is for `Retry-After` given as a date. */
export function classifyResponse(outcome: ApiOutcome, nowMs: number): Verdict {
  if (outcome.kind === 'no-response') {
    const { reason, message } = outcome;
    return { kind: 'retry', reason, afterMs: undefined, message, status: undefined };
  }
  const { status, headers } = outcome;
  // Ahead of the table, of which it is the first row, since nearly every answer is one of these.
  if (status >= 200 && status < 300) return headers['idempotency-replayed'] === 'true' ? duplicate : delivered;
  const { code, message } = readProblem(outcome);
  const rule = outcomeRules.find(
    (rule) => status >= rule.from && status <= rule.to && (rule.code === undefined || rule.code === code),
  );
  switch (rule?.outcome) {
    case 'delivered':
      return delivered;
    case 'duplicate':
      return duplicate;
    case 'halt':
      return { kind: 'halt', message, status };
    case 'rejected':
      return { kind: 'rejected', message, status };
    case 'retry':
    case undefined: {
      const afterMs = parseRetryAfter(headers['retry-after'], nowMs);
      return { kind: 'retry', reason: rule?.reason ?? 'unexpected-status', afterMs, message, status };
    }
  }
}

const delivered: Verdict = Object.freeze({ kind: 'delivered', duplicate: false });
const duplicate: Verdict = Object.freeze({ kind: 'delivered', duplicate: true });

/**
 * `Retry-After` as seconds or as an HTTP date (RFC 9110, 10.2.3), in milliseconds from now; undefined for anything
 * else.
 */
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
