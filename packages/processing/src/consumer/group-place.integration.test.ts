import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { connect, createTopic, silentLogger } from '@astrolabe/kafka/testing';
import { eventually } from '@astrolabe/testkit';
import { createPromisedProcessor } from '../testing/promised-handler.ts';
import { startGroupConsumer } from './group-consumer.ts';

test('a member is silent since the last answer of its group', async (t) => {
  const topic = await createTopic(t);
  const consumer = await startGroupConsumer({
    connection: connect(),
    groupId: randomUUID(),
    topic,
    sessionTimeoutMs: 6_000,
    logger: silentLogger,
    onFault: () => undefined,
    createProcessor: (session) =>
      createPromisedProcessor({
        session,
        laneOf: ({ key }) => String(key),
        handle: () => Promise.resolve(),
        maxRecords: 10,
        maxBytes: 1_000,
      }),
  });
  t.after(() => consumer.close(0));
  let longestMs = 0;
  const isHeardAgain = (): boolean => {
    const silentMs = consumer.silentMs();
    longestMs = Math.max(longestMs, silentMs);
    return silentMs < longestMs;
  };
  // Without anything to read: its heartbeats are what the group answers.
  for (const which of ['first', 'second']) {
    await eventually(isHeardAgain, { timeoutMs: 20_000, intervalMs: 20, describe: `the ${which} answer of the group` });
    longestMs = 0;
  }
});
