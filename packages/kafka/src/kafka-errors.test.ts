import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { PipelineError, type ErrorCode } from '@astrolabe/service-kit/errors';
import { isFencedAnswer, isKafkaJsError, toKafkaError } from './kafka-errors.ts';
import { OFFSET_OUT_OF_RANGE } from './kafkajs/patches/behaviour-patches.ts';

type ErrorClass = new (error: unknown, options?: unknown) => Error;
const require = createRequire(import.meta.url);
const {
  isRebalancing: _,
  isKafkaJSError: __,
  ...classes
} = require('kafkajs/src/errors') as Record<string, ErrorClass>;
const { createErrorFromCode } = require('kafkajs/src/protocol/error') as { createErrorFromCode(code: number): Error };

/** What an operation of kafkajs rejects with when a class of its own errors is all there is to it. */
const expected: Readonly<Record<string, ErrorCode>> = {
  KafkaJSError: 'kafka.unavailable',
  KafkaJSNonRetriableError: 'kafka.request-refused',
  KafkaJSPartialMessageError: 'kafka.request-refused',
  KafkaJSBrokerNotFound: 'kafka.unavailable',
  KafkaJSProtocolError: 'kafka.request-refused',
  KafkaJSConnectionError: 'kafka.unavailable',
  KafkaJSConnectionClosedError: 'kafka.unavailable',
  KafkaJSRequestTimeoutError: 'kafka.unavailable',
  KafkaJSSASLAuthenticationError: 'kafka.unauthenticated',
  KafkaJSNumberOfRetriesExceeded: 'kafka.unavailable',
  KafkaJSOffsetOutOfRange: 'kafka.request-refused',
  KafkaJSMemberIdRequired: 'kafka.request-refused',
  KafkaJSGroupCoordinatorNotFound: 'kafka.unavailable',
  KafkaJSNotImplemented: 'kafka.request-refused',
  KafkaJSMetadataNotLoaded: 'kafka.unavailable',
  KafkaJSTopicMetadataNotLoaded: 'kafka.unavailable',
  KafkaJSStaleTopicMetadataAssignment: 'kafka.unavailable',
  KafkaJSDeleteGroupsError: 'kafka.unavailable',
  KafkaJSTimeout: 'kafka.unavailable',
  KafkaJSLockTimeout: 'kafka.unavailable',
  KafkaJSServerDoesNotSupportApiKey: 'kafka.request-refused',
  KafkaJSUnsupportedMagicByteInMessageSet: 'kafka.request-refused',
  KafkaJSDeleteTopicRecordsError: 'kafka.request-refused',
  KafkaJSInvalidVarIntError: 'kafka.request-refused',
  KafkaJSInvalidLongError: 'kafka.request-refused',
  KafkaJSInvariantViolation: 'kafka.request-refused',
  KafkaJSCreateTopicError: 'kafka.request-refused',
  KafkaJSAggregateError: 'kafka.request-refused',
  KafkaJSFetcherRebalanceError: 'kafka.request-refused',
  KafkaJSNoBrokerAvailableError: 'kafka.unavailable',
  KafkaJSAlterPartitionReassignmentsError: 'kafka.request-refused',
};

function instanceOf(name: string): Error {
  const Class = classes[name];
  assert.ok(Class, name);
  if (name === 'KafkaJSDeleteTopicRecordsError') {
    return new Class({ partitions: [{ partition: 0, error: { retriable: false } }] });
  }
  return new Class(Object.assign(new Error('reason'), { retriable: false }), {});
}

const mayPass: ReadonlySet<string> = new Set(['kafka.unavailable', 'kafka.unauthenticated']);

test('each class of errors that kafkajs has is sorted: what may pass is retryable, the rest is final', () => {
  assert.deepEqual(Object.keys(classes).sort(), Object.keys(expected).sort());
  for (const [name, code] of Object.entries(expected)) {
    const sorted = toKafkaError(instanceOf(name), 'doing it');
    assert.deepEqual([sorted.code, sorted.retryable], [code, mayPass.has(code)], name);
    assert.match(sorted.message, /^doing it: /);
    assert.ok(sorted.cause instanceof Error);
  }
});

test('an answer of the broker is sorted by its code', () => {
  const codes: readonly [number, ErrorCode, boolean][] = [
    [1, 'kafka.request-refused', false], // OFFSET_OUT_OF_RANGE as such; the consumer's is told by its own name
    [3, 'kafka.topic-missing', true], // UNKNOWN_TOPIC_OR_PARTITION
    [6, 'kafka.unavailable', true], // NOT_LEADER_FOR_PARTITION
    [7, 'kafka.unavailable', true], // REQUEST_TIMED_OUT
    [10, 'kafka.record-too-large', false], // MESSAGE_TOO_LARGE
    [18, 'kafka.record-too-large', false], // RECORD_LIST_TOO_LARGE
    [19, 'kafka.unavailable', true], // NOT_ENOUGH_REPLICAS
    [20, 'kafka.unavailable', true], // NOT_ENOUGH_REPLICAS_AFTER_APPEND
    [29, 'kafka.unauthorized', true], // TOPIC_AUTHORIZATION_FAILED
    [30, 'kafka.unauthorized', true], // GROUP_AUTHORIZATION_FAILED
    [31, 'kafka.unauthorized', true], // CLUSTER_AUTHORIZATION_FAILED
    [53, 'kafka.unauthorized', true], // TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    [33, 'kafka.unauthenticated', true], // UNSUPPORTED_SASL_MECHANISM
    [34, 'kafka.unauthenticated', true], // ILLEGAL_SASL_STATE
    [58, 'kafka.unauthenticated', true], // SASL_AUTHENTICATION_FAILED
    [65, 'kafka.unauthorized', true], // DELEGATION_TOKEN_AUTHORIZATION_FAILED
    [35, 'kafka.request-refused', false], // UNSUPPORTED_VERSION
    [45, 'kafka.unavailable', true], // OUT_OF_ORDER_SEQUENCE_NUMBER: a new producer starts from zero
    [46, 'kafka.unavailable', true], // DUPLICATE_SEQUENCE_NUMBER
    [47, 'kafka.request-refused', false], // INVALID_PRODUCER_EPOCH: another producer has taken over
    [56, 'kafka.unavailable', true], // KAFKA_STORAGE_ERROR
    [59, 'kafka.unavailable', true], // UNKNOWN_PRODUCER_ID
  ];
  for (const [number, code, retryable] of codes) {
    const error = createErrorFromCode(number);
    const sorted = toKafkaError(error, 'producing');
    assert.deepEqual([sorted.code, sorted.retryable], [code, retryable], `${number} ${error.message}`);
  }
});

test('an error is sorted by what it wraps, however deep', () => {
  const tooLarge = createErrorFromCode(10);
  const { KafkaJSNonRetriableError: NonRetriable, KafkaJSAggregateError: Aggregate } = classes;
  assert.ok(NonRetriable && Aggregate);
  const wrapped = new NonRetriable(new NonRetriable(tooLarge, { cause: tooLarge }), { cause: tooLarge });
  assert.equal(toKafkaError(wrapped, 'producing').code, 'kafka.record-too-large');
  assert.equal(toKafkaError(new Aggregate('topics', [createErrorFromCode(19)]), 'creating').code, 'kafka.unavailable');
});

test('a committed offset that is gone from the topic has a code of its own, wherever kafkajs puts it', () => {
  const { KafkaJSNonRetriableError: NonRetriable } = classes;
  assert.ok(NonRetriable);
  const stopped = new NonRetriable('committed offset of t[0] is out of range');
  stopped.name = OFFSET_OUT_OF_RANGE;
  const sorted = toKafkaError(new NonRetriable(stopped, { cause: stopped }), 'consuming t');
  assert.equal(sorted.code, 'kafka.offset-out-of-range');
  assert.equal(sorted.message, 'consuming t: committed offset of t[0] is out of range');
});

test('an older process with the same instance name is told that it was replaced, and what to do', () => {
  const { KafkaJSNonRetriableError: NonRetriable } = classes;
  assert.ok(NonRetriable);
  const fenced = createErrorFromCode(82);
  const sorted = toKafkaError(new NonRetriable(fenced, { cause: fenced }), 'consuming t as g');
  assert.deepEqual([sorted.code, sorted.retryable], ['kafka.instance-fenced', false]);
  assert.match(sorted.message, /^consuming t as g: another process .* give each instance a name of its own/);
});

test('our own errors pass through unchanged, and a thrown value that is not an Error becomes a final one', () => {
  const ours = new PipelineError('kafka.topic-missing', 'missing', { retryable: true });
  assert.equal(toKafkaError(ours, 'looking'), ours);
  const thrown = toKafkaError('a string', 'looking');
  assert.deepEqual([thrown.code, thrown.message], ['kafka.request-refused', 'looking: a string']);
});

test('errors of the client are told from those of the code that it calls', () => {
  assert.ok(isKafkaJsError(instanceOf('KafkaJSNonRetriableError')));
  assert.ok(!isKafkaJsError(new TypeError('defect')));
  assert.ok(!isKafkaJsError('KafkaJS'));
});

test('an id that another process has taken over is recognised by what kafkajs makes of both answers, 47 and 90', () => {
  for (const code of [47, 90]) {
    const answer = createErrorFromCode(code);
    assert.ok(isFencedAnswer(answer), String(code));
    assert.ok(isFencedAnswer(new Error('retried', { cause: answer })), String(code));
  }
});

test('a right that the brokers deny is told by user, operation and resource where the caller knows them', () => {
  const access = {
    principal: 'User:mapper',
    topics: [{ operation: 'Write', resourceType: 'topic', resource: 't' }],
    groupId: 'g',
    transactionalId: 'g-0',
  } as const;
  const told = (code: number, given: Partial<typeof access> & { readonly principal: string }) =>
    toKafkaError(createErrorFromCode(code), 'doing it', given).message.split(';')[0];
  assert.equal(told(29, access), 'User:mapper lacks Write on topic t');
  assert.equal(told(30, access), 'User:mapper lacks Read on consumer group g');
  assert.equal(told(53, access), 'User:mapper lacks Write on transactional id g-0');
  assert.equal(told(31, access), 'User:mapper lacks IdempotentWrite on cluster');
  assert.match(told(30, { principal: 'User:mapper' }) ?? '', /^doing it: .* \(GROUP_AUTHORIZATION_FAILED\)$/);
});

test('a certificate that is refused is told by broker, cause and the variable to set', () => {
  const { KafkaJSConnectionError: ConnectionError } = classes;
  assert.ok(ConnectionError);
  const toldOf = (code: string): string => {
    const error = new ConnectionError('Connection error: x', { broker: 'b:9093', code });
    const sorted = toKafkaError(error, 'connecting');
    return `${sorted.code}: ${sorted.message}`;
  };
  assert.match(
    toldOf('SELF_SIGNED_CERT_IN_CHAIN'),
    /^kafka\.certificate-refused: connecting: .* b:9093 .*KAFKA_SSL_CA_FILE$/,
  );
  assert.match(toldOf('ERR_TLS_CERT_ALTNAME_INVALID'), /^kafka\.certificate-refused: .*KAFKA_SSL_SERVER_NAME/);
  assert.match(toldOf('CERT_HAS_EXPIRED'), /^kafka\.certificate-refused: .*has expired/);
  assert.match(toldOf('ECONNREFUSED'), /^kafka\.unavailable: /);
});
