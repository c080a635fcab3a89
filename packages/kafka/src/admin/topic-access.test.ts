import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TopicMetadata } from '../kafkajs/protocol/describe-topics.ts';
import { topicFault, unauthorized } from './topic-access.ts';

const READ_AND_DESCRIBE = (1 << 3) | (1 << 8);
const found = (name: string, fields: Partial<TopicMetadata> = {}): TopicMetadata => ({
  name,
  errorCode: 0,
  topicId: 'QUFBQUFBQUFBQUFBQUFBQQ',
  partitions: 1,
  allowedOperations: READ_AND_DESCRIBE,
  ...fields,
});

test('a right that is missing is told by user, operation and topic, with the command that grants it', () => {
  const needs = [
    { name: 'a', operations: ['Read'] },
    { name: 'b', operations: ['Read', 'Write'] },
  ] as const;
  const fault = topicFault(needs, [found('a'), found('b')], 'User:mapper');
  assert.deepEqual([fault?.code, fault?.retryable], ['kafka.unauthorized', true]);
  assert.equal(
    fault?.message,
    'User:mapper lacks Write on topic b; grant it: kafka-acls.sh --bootstrap-server BROKER --add ' +
      '--allow-principal User:mapper --operation Write --topic b',
  );
});

test('a topic that this user may not even know of is a missing right, not a missing topic', () => {
  const needs = [{ name: 'a', operations: ['Read'] }] as const;
  const hidden = found('a', { errorCode: 29, allowedOperations: undefined });
  assert.match(topicFault(needs, [hidden], 'User:x')?.message ?? '', /^User:x lacks Read on topic a;/);
});

test('a topic that is not there is named as such, behind rights that are missing', () => {
  const needs = [
    { name: 'a', operations: ['Write'] },
    { name: 'gone', operations: ['Read'] },
  ] as const;
  const gone = found('gone', { errorCode: 3, topicId: undefined });
  assert.equal(topicFault(needs, [found('a'), gone], 'User:x')?.code, 'kafka.unauthorized');
  const allowed = found('a', { allowedOperations: 1 << 4 });
  const fault = topicFault(needs, [allowed, gone], 'User:x');
  assert.deepEqual([fault?.code, fault?.details], ['kafka.topic-missing', { missing: ['gone'] }]);
  assert.equal(topicFault(needs, [allowed, found('gone')], 'User:x'), undefined);
});

test('brokers that do not say what is allowed are not taken for brokers that forbid it', () => {
  const needs = [{ name: 'a', operations: ['Read', 'Write'] }] as const;
  assert.equal(topicFault(needs, [found('a', { allowedOperations: undefined })], 'User:x'), undefined);
});

test('a topic that has no leader for the moment is there', () => {
  const needs = [{ name: 'a', operations: ['Read'] }] as const;
  assert.equal(topicFault(needs, [found('a', { errorCode: 5 })], 'User:x'), undefined);
});

test('groups, transactional ids and the cluster are named as the tool of Kafka takes them', () => {
  const commandFor = (resourceType: 'group' | 'transactional-id' | 'cluster', resource: string) =>
    unauthorized('User:x', [{ operation: 'Read', resourceType, resource }]).message.split('--operation ')[1];
  assert.equal(commandFor('group', 'g'), 'Read --group g');
  assert.equal(commandFor('transactional-id', 't'), 'Read --transactional-id t');
  assert.equal(commandFor('cluster', 'kafka-cluster'), 'Read --cluster');
});
