/** Replays of commands by dispatchers on a real broker, beside live traffic. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOf } from '@astrolabe/replay';
import { commandId, type Command } from '@astrolabe/schemas';
import { eventually } from '@astrolabe/testkit';
import { startDispatchersOnBroker, type DispatchersOnBroker } from './dispatchers-on-broker.ts';
import { openReplays } from './replays-on-broker.ts';

const COMMANDS = 3_000;
const USERS = 200;
const CONNECTORS = ['acme', 'beta'] as const;
const FIRST_AT = Date.UTC(2026, 0, 1);

const env = {
  KAFKA_SESSION_TIMEOUT_MS: '6000',
  DISPATCHER_RETRY_BASE_MS: '20',
  DISPATCHER_RETRY_MAX_MS: '500',
};

function commandsOf(from: number, count: number): readonly Command[] {
  return Array.from({ length: count }, (_, at): Command => {
    const index = from + at;
    const connectorId = CONNECTORS[index % 2] ?? 'acme';
    const messageId = `m-${index}`;
    const id = commandId(connectorId, messageId, 'UpsertUser');
    const common = { commandId: id, connectorId, messageId, occurredAt: FIRST_AT + index, receivedAt: Date.now() };
    return { kind: 'UpsertUser', record: { ...common, userId: `user-${index % USERS}`, properties: { last: index } } };
  });
}

/** Keys of the calls that were made, each once however often. */
function keysOf({ api }: DispatchersOnBroker): ReadonlySet<string> {
  return new Set(api.calls.all().map(({ idempotencyKey }) => idempotencyKey ?? ''));
}

const drained = (pipeline: DispatchersOnBroker) =>
  eventually(() => pipeline.isDrained(), { timeoutMs: 90_000, intervalMs: 100, describe: 'all to be committed' });

test('a forced replay delivers each command once more, and a restart in the middle of it does not do so twice', async (t) => {
  const pipeline = await startDispatchersOnBroker(t, CONNECTORS, env);
  const { api } = pipeline;
  const first = await pipeline.start('dispatcher-0');
  await pipeline.start('dispatcher-1');
  await pipeline.produce(commandsOf(0, COMMANDS));
  await drained(pipeline);
  const replays = await openReplays(t, pipeline.prefix);

  // Known to the ledger: no call.
  const before = api.counters().calls;
  await replays.order('known', {});
  await replays.untilPhase('known', 'finished');
  assert.deepEqual([replays.totals('known').commands.knownToLedger, api.counters().calls], [COMMANDS, before]);

  api.faults.add({ kind: 'delay', delayMs: 20, rate: 1 }, { kind: 'status', status: 503, rate: 0.01 });
  await replays.order('forced', { force: true });
  const live = pipeline.produce(commandsOf(COMMANDS, 200));
  await eventually(() => keysOf(pipeline).size >= COMMANDS + 500, {
    timeoutMs: 60_000,
    describe: 'a part of the replay',
  });
  first.kill('SIGKILL');
  assert.ok(keysOf(pipeline).size < 2 * COMMANDS, 'the replay is under way');
  await pipeline.start('dispatcher-2');
  await live;
  await replays.untilPhase('forced', 'finished');
  await drained(pipeline);

  const { commands } = replays.totals('forced');
  assert.equal(commands.delivered + commands.duplicate, COMMANDS, JSON.stringify(commands));
  assert.equal(readOf(commands), COMMANDS);
  assert.equal(keysOf(pipeline).size, 2 * COMMANDS + 200);
  assert.equal(api.counters().keysReused, 0);
  assert.deepEqual(await pipeline.deadLetters(), []);
});

test('a cancelled replay calls for nothing more, and what was read and not started is counted as cancelled', async (t) => {
  const pipeline = await startDispatchersOnBroker(t, CONNECTORS, { ...env, DISPATCHER_MAX_CONCURRENT_CALLS: '4' });
  const { api } = pipeline;
  await pipeline.start('dispatcher-0');
  await pipeline.produce(commandsOf(0, COMMANDS));
  await drained(pipeline);
  const replays = await openReplays(t, pipeline.prefix);
  api.faults.add({ kind: 'delay', delayMs: 30, rate: 1 });
  await replays.order('gone', { force: true });
  await eventually(() => keysOf(pipeline).size >= COMMANDS + 50, {
    timeoutMs: 60_000,
    describe: 'a part of the replay',
  });
  await replays.cancel('gone');
  await replays.untilPhase('gone', 'cancelled');
  const { calls } = api.counters();
  assert.ok(keysOf(pipeline).size < 2 * COMMANDS, 'it was cancelled on its way');
  const { commands, offsetsLeft } = replays.totals('gone');
  assert.ok(commands.cancelled > 0 && commands.delivered >= 50, JSON.stringify(commands));
  assert.equal(commands.delivered + commands.duplicate, keysOf(pipeline).size - COMMANDS);
  assert.equal(readOf(commands) + offsetsLeft, COMMANDS);
  await pipeline.produce(commandsOf(COMMANDS, 10));
  await drained(pipeline);
  assert.equal(api.counters().calls, calls + 10, 'only what is live');
});
