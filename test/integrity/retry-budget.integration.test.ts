/** A dispatcher that is killed again and again, over an API that refuses to work. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerText } from '@astrolabe/records';
import { commandId, type Command } from '@astrolabe/schemas';
import { eventually } from '@astrolabe/testkit';
import { startDispatchersOnBroker } from './dispatchers-on-broker.ts';

/** Each pause is below the budget, so no life alone uses it up before it is killed. */
const BUDGET_MS = 6_000;
const MOST_LIVES = 30;

const env = {
  KAFKA_SESSION_TIMEOUT_MS: '6000',
  DISPATCHER_RETRY_BUDGET_MS: String(BUDGET_MS),
  DISPATCHER_RETRY_BASE_MS: '5000',
  DISPATCHER_RETRY_MAX_MS: '5000',
};

function upsert(): Command {
  const common = { connectorId: 'acme', messageId: 'm-1', occurredAt: Date.now(), receivedAt: Date.now() };
  const id = commandId('acme', 'm-1', 'UpsertUser');
  return { kind: 'UpsertUser', record: { ...common, commandId: id, userId: 'u', properties: {} } };
}

test('a command that fails for its whole budget is a dead letter, however often its process begins again', async (t) => {
  const pipeline = await startDispatchersOnBroker(t, ['acme'], env);
  pipeline.api.faults.add({ kind: 'status', status: 503, rate: 1 });
  await pipeline.produce([upsert()]);
  let lives = 0;
  for (; lives < MOST_LIVES && (await pipeline.deadLetters()).length === 0; lives += 1) {
    const stored = await pipeline.ledgerChunks();
    const dispatcher = await pipeline.start(`dispatcher-${lives}`);
    // An attempt that failed, or the dead letter: either is one more chunk.
    const told = async () => (await pipeline.ledgerChunks()) > stored;
    await eventually(told, { timeoutMs: 60_000, describe: `the first attempt of life ${lives + 1}` });
    dispatcher.kill('SIGKILL');
    await dispatcher.exited;
  }
  const [deadLetter] = await pipeline.deadLetters();
  assert.ok(deadLetter, `after ${lives} lives it is still retried`);
  assert.equal(headerText(deadLetter, 'dlq.code'), 'api.retries-exhausted');
  assert.ok(lives > 1);
  assert.ok(Number(headerText(deadLetter, 'dlq.delivery.count')) >= lives);
});
