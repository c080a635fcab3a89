import { PipelineError, isPipelineError } from '@astrolabe/service-kit';
import { OFFSET_OUT_OF_RANGE } from './kafkajs/behaviour-patches.ts';
import { UNREADABLE_BATCH } from './kafkajs/undecodable.ts';

interface KafkaJsError {
  readonly name: string;
  readonly message: string;
  readonly type?: string;
  readonly retriable?: boolean;
  readonly cause?: unknown;
}

const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);

/** The broker and an idempotent producer disagree on what was sent. A new producer starts a count of its own, so a repetition works. */
const OUT_OF_STEP = new Set(['OUT_OF_ORDER_SEQUENCE_NUMBER', 'DUPLICATE_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID']);

/**
 * kafkajs's errors as ours. A topic or partition that is not there is `kafka.topic-missing` (retryable). What the broker calls retriable, every
 * connection error and every time-out is `kafka.unavailable` (retryable); the rest is `kafka.request-refused` (final: authorization, unknown
 * version, a fenced producer).
 */
export function toKafkaError(error: unknown, doing: string): PipelineError {
  if (isPipelineError(error)) return error;
  const chain = causes(error);
  const message = chain[0]?.message ?? String(error);
  if (chain.some(({ type }) => type !== undefined && TOO_LARGE.has(type))) {
    return new PipelineError('kafka.record-too-large', `${doing}: the broker refused the size: ${message}`, {
      retryable: false,
      cause: error,
    });
  }
  if (chain.some(({ name }) => name === OFFSET_OUT_OF_RANGE)) {
    return new PipelineError('kafka.offset-out-of-range', `${doing}: ${chain.at(-1)?.message ?? message}`, {
      retryable: false,
      cause: error,
    });
  }
  if (chain.some(({ type }) => type === UNREADABLE_BATCH)) {
    return new PipelineError('kafka.batch-unreadable', `${doing}: ${message}`, { retryable: false, cause: error });
  }
  if (chain.some(({ type }) => type === 'UNKNOWN_TOPIC_OR_PARTITION')) {
    return new PipelineError('kafka.topic-missing', `${doing}: ${message}`, { retryable: true, cause: error });
  }
  if (chain.some(isTransient)) {
    return new PipelineError('kafka.unavailable', `${doing}: ${message}`, { retryable: true, cause: error });
  }
  return new PipelineError('kafka.request-refused', `${doing}: ${message}`, { retryable: false, cause: error });
}

/** Whether an error comes from kafkajs, and not from code that it called. */
export function isKafkaJsError(error: unknown): boolean {
  return error instanceof Error && error.name.startsWith('KafkaJS');
}

function isTransient({ name, type, retriable }: KafkaJsError): boolean {
  return retriable === true || TRANSIENT_NAMES.has(name) || (type !== undefined && OUT_OF_STEP.has(type));
}

const TRANSIENT_NAMES = new Set([
  'KafkaJSNumberOfRetriesExceeded',
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSTopicMetadataNotLoaded',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSLockTimeout',
  'KafkaJSTimeout',
]);

/** The error and what it wraps, outermost first; of several at once (`KafkaJSAggregateError`) the first. */
function causes(error: unknown): KafkaJsError[] {
  const chain: KafkaJsError[] = [];
  let current = error;
  while (current instanceof Error && chain.length < 10) {
    chain.push(current);
    const { originalError, errors } = current as { originalError?: unknown; errors?: readonly unknown[] };
    current = originalError ?? errors?.[0] ?? current.cause;
  }
  return chain;
}

/** Whether an answer, or what caused it, says that another process has taken the transactional id over. kafkajs does not know 90 by name. */
export function isFencedAnswer(error: unknown): boolean {
  let current = error;
  for (let depth = 0; current instanceof Error && depth < 10; depth += 1) {
    const { type, originalError, message } = current as Error & { type?: string; originalError?: unknown };
    if (type === 'INVALID_PRODUCER_EPOCH' || message === 'Unknown error code 90') return true;
    current = originalError ?? current.cause;
  }
  return false;
}
