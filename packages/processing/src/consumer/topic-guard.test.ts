import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKafkaConnection } from '@astrolabe/kafka';
import type { TopicMetadata } from '@astrolabe/kafka/internal';
import { silentLogger } from '@astrolabe/kafka/testing';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { openTopicGuard } from './topic-guard.ts';

const connection = createKafkaConnection({ brokers: ['b:1'], clientId: 'c', logger: silentLogger });

/** A cluster that answers as a test says, and a clock that it sets. */
async function createGuard(firstId: string | undefined) {
  let answer: string | undefined | PipelineError = firstId;
  let nowMs = 0;
  const describe = async (): Promise<TopicMetadata[]> => {
    if (answer instanceof PipelineError) throw answer;
    return [{ name: 't', errorCode: 0, topicId: answer, partitions: 1, allowedOperations: undefined }];
  };
  const inspector = { describe, close: () => Promise.resolve() };
  const guard = await openTopicGuard({ connection, topic: 't', groupId: 'g', nowMs: () => nowMs, inspector });
  return {
    guard,
    answer: (next: string | undefined | PipelineError, atMs: number) => {
      answer = next;
      nowMs = atMs;
    },
  };
}

test('a topic that stays the same passes', async () => {
  const { guard } = await createGuard('first');
  assert.equal(guard.topicId, 'first');
  await guard.check();
});

test('another id forbids commits at once, and is a fault for good when it lasts', async () => {
  const { guard, answer } = await createGuard('first');
  answer('second', 10);
  await assert.rejects(guard.check(), { code: 'kafka.unavailable', retryable: true });
  answer('second', 1_009);
  await assert.rejects(guard.check(), { code: 'kafka.unavailable' });
  answer('second', 1_010);
  await assert.rejects(guard.check(), {
    code: 'kafka.topic-recreated',
    retryable: false,
    message:
      't was deleted and created again: what g has read is of topic id first, the topic has second; going on would skip records. ' +
      'To read the new topic from its beginning, stop every instance and run: kafka-consumer-groups.sh --bootstrap-server BROKER ' +
      '--group g --topic t --reset-offsets --to-earliest --execute',
  });
});

test('a broker that lags for a moment is not a fault, and the grace period then starts again', async () => {
  const { guard, answer } = await createGuard('first');
  answer('behind', 0);
  await assert.rejects(guard.check(), { code: 'kafka.unavailable' });
  answer('first', 900);
  await guard.check();
  answer('behind', 1_500);
  await assert.rejects(guard.check(), { code: 'kafka.unavailable' });
});

test('brokers that give no topic ids, before or now, do not count as a changed topic', async () => {
  const without = await createGuard(undefined);
  without.answer('first', 5_000);
  await without.guard.check();
  const { guard, answer } = await createGuard('first');
  answer(undefined, 5_000);
  await guard.check();
});

test('what cannot be looked at may not be committed for', async () => {
  const { guard, answer } = await createGuard('first');
  answer(new PipelineError('kafka.unavailable', 'no answer', { retryable: true }), 0);
  await assert.rejects(guard.check(), { message: 'no answer' });
});
