import { PipelineError, isPipelineError } from '@astrolabe/service-kit/errors';
import { describeTlsFault } from '@astrolabe/service-kit/tls';
import { OFFSET_OUT_OF_RANGE } from './kafkajs/patches/behaviour-patches.ts';
import { unauthorized, type DeniedAccess } from './admin/topic-access.ts';
import { UNREADABLE_BATCH } from './kafkajs/protocol/undecodable.ts';

interface KafkaJsError {
  readonly name: string;
  readonly message: string;
  readonly type?: string;
  readonly retriable?: boolean;
  readonly cause?: unknown;
  /** Of a connection error: Node's or OpenSSL's. */
  readonly code?: string;
  /** Of a connection error: `host:port`. */
  readonly broker?: string;
}

const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);

/**
 * The broker and an idempotent producer disagree on what was sent. A new producer starts a count of its own, so a
 * repetition works.
 */
const OUT_OF_STEP = new Set(['OUT_OF_ORDER_SEQUENCE_NUMBER', 'DUPLICATE_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID']);

/** What an action needs, to name it where the brokers forbid it: they say which kind of resource, and not its name. */
export interface AccessContext {
  readonly principal: string;
  readonly topics?: readonly DeniedAccess[];
  readonly groupId?: string;
  /** Default: `Read`. */
  readonly groupOperation?: string;
  readonly transactionalId?: string;
  /** On the cluster itself. */
  readonly cluster?: string;
}

/**
 * kafkajs's errors as ours. A login that the brokers refuse is `kafka.unauthenticated`, a certificate
 * `kafka.certificate-refused`: both are retryable, since they may be replaced. A right that is missing is
 * `kafka.unauthorized` (retryable: it may be granted). A topic or partition that is not there is `kafka.topic-missing`
 * (retryable). What the broker calls retriable, every connection error and every time-out is `kafka.unavailable`
 * (retryable); the rest is `kafka.request-refused` (final: unknown version, a fenced producer).
 */
export function toKafkaError(error: unknown, doing: string, access?: AccessContext): PipelineError {
  if (isPipelineError(error)) return error;
  const chain = causes(error);
  const message = chain[0]?.message ?? String(error);
  const ours = chain.find((cause) => isPipelineError(cause));
  if (ours !== undefined) return ours;
  const untold = securityFault(chain, doing, error);
  if (untold !== undefined) return untold;
  const refusal = chain.find(({ type }) => type?.endsWith(AUTHORIZATION_FAILED) === true);
  if (refusal?.type !== undefined) return toUnauthorized(refusal.type, `${doing}: ${message}`, error, access);
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
  if (chain.some(({ type }) => type === 'FENCED_INSTANCE_ID')) return instanceFenced(doing, error);
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

/** The listener has another way to log in, or none. */
const LOGIN_MISFITS = new Set(['UNSUPPORTED_SASL_MECHANISM', 'ILLEGAL_SASL_STATE', 'SASL_AUTHENTICATION_FAILED']);

/** What went wrong before the brokers looked at a request. */
function securityFault(chain: readonly KafkaJsError[], doing: string, cause: unknown): PipelineError | undefined {
  for (const { code, broker } of chain) {
    const whom = broker === undefined ? 'the broker' : `the broker ${broker}`;
    const told = describeTlsFault(code, { whom, variables: 'KAFKA_SSL' });
    if (told === undefined) continue;
    return new PipelineError('kafka.certificate-refused', `${doing}: ${told}`, { retryable: true, cause });
  }
  const isLogin = ({ name, type }: KafkaJsError): boolean =>
    name === 'KafkaJSSASLAuthenticationError' || (type !== undefined && LOGIN_MISFITS.has(type));
  const refused = chain.find(isLogin);
  if (refused === undefined) return undefined;
  const message = `${doing}: the brokers do not take the login: ${refused.message}; check KAFKA_SASL_MECHANISM and the port`;
  return new PipelineError('kafka.unauthenticated', message, { retryable: true, cause });
}

function instanceFenced(doing: string, cause: unknown): PipelineError {
  const message =
    `${doing}: another process has joined the group with this KAFKA_GROUP_INSTANCE_ID and has the partitions now; ` +
    'this one stops. If it was meant to go, nothing is to be done; else give each instance a name of its own, since ' +
    'two with one name stop each other in turns';
  return new PipelineError('kafka.instance-fenced', message, { retryable: false, cause });
}

const AUTHORIZATION_FAILED = 'AUTHORIZATION_FAILED';
const CLUSTER_REFUSED = 'CLUSTER_AUTHORIZATION_FAILED';

/** The brokers forbid something on the cluster itself. */
export function isClusterRefusal(error: unknown): boolean {
  return causes(error).some(({ type }) => type === CLUSTER_REFUSED);
}

function toUnauthorized(
  type: string,
  message: string,
  cause: unknown,
  access: AccessContext | undefined,
): PipelineError {
  const denied = access === undefined ? [] : deniedBy(type, access);
  if (access !== undefined && denied.length > 0) return unauthorized(access.principal, denied, cause);
  const remedy = 'see the rights of this user with "kafka-acls.sh --list" and grant what is missing';
  return new PipelineError('kafka.unauthorized', `${message} (${type}); ${remedy}`, { retryable: true, cause });
}

function deniedBy(
  type: string,
  { topics = [], groupId, groupOperation = 'Read', transactionalId, cluster }: AccessContext,
): readonly DeniedAccess[] {
  if (type === 'TOPIC_AUTHORIZATION_FAILED') return topics;
  if (type === 'GROUP_AUTHORIZATION_FAILED' && groupId !== undefined) {
    return [{ operation: groupOperation, resourceType: 'group', resource: groupId }];
  }
  if (type === 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED' && transactionalId !== undefined) {
    return [{ operation: 'Write', resourceType: 'transactional-id', resource: transactionalId }];
  }
  if (type === CLUSTER_REFUSED && cluster !== undefined) {
    return [{ operation: cluster, resourceType: 'cluster', resource: 'kafka-cluster' }];
  }
  // Of a producer: brokers before Kafka 3.0 want it for every idempotent one.
  if (type === CLUSTER_REFUSED && (topics.length > 0 || transactionalId !== undefined)) {
    return [{ operation: 'IdempotentWrite', resourceType: 'cluster', resource: 'kafka-cluster' }];
  }
  return [];
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

/**
 * Whether an answer, or what caused it, says that another process has taken the transactional id over. kafkajs does not
 * know 90 by name.
 */
export function isFencedAnswer(error: unknown): boolean {
  let current = error;
  for (let depth = 0; current instanceof Error && depth < 10; depth += 1) {
    const { type, originalError, message } = current as Error & { type?: string; originalError?: unknown };
    if (type === 'INVALID_PRODUCER_EPOCH' || message === 'Unknown error code 90') return true;
    current = originalError ?? current.cause;
  }
  return false;
}
