/**
 * Answers as Segment's senders read them. PHP resends without end on any success except 200, Java decodes `success`,
 * Python reads `code` and `message`, Ruby `error`, the partner endpoint `message`; so every answer has what all of them
 * look for. Never 202, 204, 3xx or 410: the first three confuse SDKs, and SDKs of 2026 retry on 410.
 */
import type { ErrorCode } from '@astrolabe/service-kit/errors';

export interface Answer {
  readonly status: number;
  /** JSON text. */
  readonly body: string;
  /** Whole seconds, the only form that every SDK reads. */
  readonly retryAfterSeconds?: number;
  /** Why nothing of the request was stored. */
  readonly code?: ErrorCode;
}

/** An event of a batch that was rejected. `index` is its place in the batch. */
export interface RejectedEvent {
  readonly index: number;
  readonly messageId: string | undefined;
  readonly code: ErrorCode;
  readonly reason: string;
}

/** Everything asked for is stored. */
export const storedAnswer: Answer = { status: 200, body: '{"success":true}' };

/**
 * The good events are stored, the others named. The status is 200, since any other would make the sender repeat the
 * good ones.
 */
export function partlyStoredAnswer(rejected: readonly RejectedEvent[]): Answer {
  return { status: 200, body: JSON.stringify({ success: true, rejected }) };
}

export function refusedAnswer(status: number, code: ErrorCode, message: string, retryAfterSeconds?: number): Answer {
  const body = JSON.stringify({ success: false, code, message, error: message });
  return { status, body, code, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
}

/** Acknowledgements free the budget, within milliseconds unless Kafka is down. */
const RETRY_AFTER_OVERLOAD_SECONDS = 1;

export const overloadedAnswer = refusedAnswer(
  503,
  'ingest.overloaded',
  'too many bytes await storage; send the request again after the pause',
  RETRY_AFTER_OVERLOAD_SECONDS,
);
