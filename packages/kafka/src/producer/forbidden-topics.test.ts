import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import type { OutgoingRecord } from '@astrolabe/records';
import { unauthorized } from '../admin/topic-access.ts';
import { silentLogger } from '../testing/silent-logger.ts';
import { BatchingProducer } from './batching-producer.ts';

const require = createRequire(import.meta.url);
const { createErrorFromCode } = require('kafkajs/src/protocol/error') as { createErrorFromCode(code: number): Error };

const TOPIC_AUTHORIZATION_FAILED = 29;
const CLUSTER_AUTHORIZATION_FAILED = 31;
const record: OutgoingRecord = { key: null, value: Buffer.from('a'), headers: {} };

interface Refused {
  /** Topics that the user may not write to. */
  readonly forbidden: readonly string[];
  /** Topics that the producer is for. */
  readonly topics?: readonly string[];
  /** What the brokers answer. */
  readonly answer?: number;
}

function createRefused({ forbidden, topics, answer = CLUSTER_AUTHORIZATION_FAILED }: Refused) {
  const asked: (readonly string[])[] = [];
  const producer = new BatchingProducer({
    openSession: () => Promise.reject(createErrorFromCode(answer)),
    principal: 'User:ann',
    topics,
    findForbidden: async (names) => {
      asked.push(names);
      const denied = names.filter((name) => forbidden.includes(name));
      const rights = denied.map((resource) => ({ operation: 'Write', resourceType: 'topic', resource }) as const);
      return rights.length === 0 ? undefined : unauthorized('User:ann', rights);
    },
    logger: silentLogger,
    deliveryTimeoutMs: 1_000,
    maxRequestBytes: 100_000,
    maxRecordBytes: 100_000,
  });
  return { producer, asked };
}

const grant = 'kafka-acls.sh --bootstrap-server BROKER --add --allow-principal User:ann --operation';

test('a user who may write to no topic is told of those that the producer is for, and what grants the first', async () => {
  const { producer } = createRefused({ forbidden: ['audit', 'events'], topics: ['audit', 'events'] });
  await assert.rejects(producer.connect(), {
    code: 'kafka.unauthorized',
    retryable: true,
    message: `User:ann lacks Write on topic audit, Write on topic events; grant it: ${grant} Write --topic audit`,
  });
});

test('a send is told of its own topic', async () => {
  const { producer, asked } = createRefused({ forbidden: ['audit'] });
  await assert.rejects(producer.send('audit', [record]), {
    code: 'kafka.unauthorized',
    message: `User:ann lacks Write on topic audit; grant it: ${grant} Write --topic audit`,
  });
  assert.deepEqual(asked, [['audit']]);
});

test('where every topic may be written to, it is the right on the cluster that old brokers want', async () => {
  const { producer } = createRefused({ forbidden: [] });
  await assert.rejects(producer.send('audit', [record]), {
    message: `User:ann lacks IdempotentWrite on cluster; grant it: ${grant} IdempotentWrite --cluster`,
  });
});

test('a refusal that names its topic is told without asking the brokers again', async () => {
  const { producer, asked } = createRefused({ forbidden: ['audit'], answer: TOPIC_AUTHORIZATION_FAILED });
  await assert.rejects(producer.send('audit', [record]), /User:ann lacks Write on topic audit/);
  assert.deepEqual(asked, []);
});
