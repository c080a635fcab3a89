/**
 * Bulk calls on a real broker: part of a call fails for good, part of it for now, whole calls and answers are lost, and
 * a dispatcher is killed. A connector's own settings say who makes them, and are edited on the way.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerText } from '@astrolabe/records';
import { commandId, type Command } from '@astrolabe/schemas';
import { eventually } from '@astrolabe/testkit';
import { startDispatchersOnBroker } from './dispatchers-on-broker.ts';

const COMMANDS = 6_000;
const USERS = 400;
const CONNECTORS = ['acme', 'beta'] as const;
const FIRST_AT = Date.UTC(2026, 0, 1);
/** Long enough for a busy machine: where nothing is to be repeated, a call that it holds up must not be. */
const API_TIMEOUT_MS = 12_000;
const TOO_LONG = 'x'.repeat(10_240);

const env = {
  KAFKA_SESSION_TIMEOUT_MS: '6000',
  DISPATCHER_API_TIMEOUT_MS: String(API_TIMEOUT_MS),
  DISPATCHER_RETRY_BASE_MS: '20',
  DISPATCHER_RETRY_MAX_MS: '300',
  DISPATCHER_CIRCUIT_PAUSE_MS: '100',
  DISPATCHER_CIRCUIT_MAX_PAUSE_MS: '500',
};

type Connector = (typeof CONNECTORS)[number];

/**
 * Each command of a user sets the same property to a later value, so that one that overtakes another leaves that one
 * without an effect. Some cannot be executed: their users' ids are too long, or a visitor's id in the midst of a user's
 * commands is.
 */
function generate(from: number, to: number) {
  const last = new Map<string, number>();
  const commands: Command[] = [];
  let refused = 0;
  for (let index = from; index < to; index += 1) {
    const connectorId: Connector = CONNECTORS[index % 2] ?? 'acme';
    const userId = `user-${(index * 7_919) % USERS}`;
    const common = { messageId: `m-${index}`, occurredAt: FIRST_AT + index, receivedAt: Date.now(), connectorId };
    const isEvent = index % 100 === 50 || index % 100 === 51 || (index % 100 >= 2 && index % 5 === 1);
    const id = commandId(connectorId, common.messageId, isEvent ? 'TrackEvent' : 'UpsertUser');
    const record = { ...common, commandId: id };
    if (index % 100 < 2) {
      refused += 1;
      commands.push({ kind: 'UpsertUser', record: { ...record, userId: `${TOO_LONG}${index}`, properties: {} } });
    } else if (index % 100 === 50 || index % 100 === 51) {
      refused += 1;
      const event = { event: 'Opened', userId, anonymousId: TOO_LONG, properties: {}, userProperties: {} };
      commands.push({ kind: 'TrackEvent', record: { ...record, ...event } });
    } else if (index % 5 === 1) {
      const event = { event: 'Opened', userId, anonymousId: null, properties: { index }, userProperties: {} };
      commands.push({ kind: 'TrackEvent', record: { ...record, ...event } });
    } else {
      last.set(`${connectorId} ${userId}`, index);
      commands.push({ kind: 'UpsertUser', record: { ...record, userId, properties: { last: index } } });
    }
  }
  return { commands, last, refused };
}

test('in bulk calls that fail in part or as a whole each command is applied once, in the order of its key, and only what failed is repeated', async (t) => {
  const pipeline = await startDispatchersOnBroker(t, CONNECTORS, env);
  const { api } = pipeline;
  const drained = (describe: string) =>
    eventually(() => pipeline.isDrained(), { timeoutMs: 90_000, intervalMs: 250, describe });
  const bulkCallsOf = (connector: Connector) =>
    api.calls.all().filter((call) => call.connector === connector && call.path === '/v1/commands');
  const commandsIn = (calls: readonly { readonly commands: number }[]) =>
    calls.reduce((sum, { commands }) => sum + commands, 0);

  // Only what fails for good: nothing is asked for twice.
  await pipeline.editDelivery({ acme: { bulk: true } });
  const calm = generate(0, COMMANDS / 3);
  const first = await pipeline.start('dispatcher-0');
  await pipeline.produce(calm.commands);
  await drained('the commands that meet no trouble');
  const { applied, replayed, keysInUse } = api.counters();
  assert.deepEqual(
    { applied, replayed, keysInUse },
    { applied: calm.commands.length - calm.refused, replayed: 0, keysInUse: 0 },
  );
  assert.ok(commandsIn(bulkCallsOf('acme')) > calm.commands.length / 4, 'acme has bulk calls');
  assert.equal(bulkCallsOf('beta').length, 0, 'beta has none');

  // Everything at once, with bulk calls for both by an edit. A call that the client gives up goes on at the API: its
  // keys are in use.
  api.faults.add(
    { kind: 'delay', delayMs: 1.5 * API_TIMEOUT_MS, rate: 0.05, times: 6, match: { method: 'POST' } },
    { kind: 'lose-answer', rate: 0.05 },
    { kind: 'cut', rate: 0.03 },
    { kind: 'status', status: 503, rate: 0.03 },
    { kind: 'status', status: 429, rate: 0.02 },
    { kind: 'delay', delayMs: 10, rate: 0.5 },
  );
  await pipeline.editDelivery({ acme: { bulk: true }, beta: { bulk: true, maxConcurrentCalls: 8 } });
  const rough = generate(COMMANDS / 3, COMMANDS);
  await pipeline.produce(rough.commands);
  await eventually(() => api.counters().applied > COMMANDS / 2, {
    timeoutMs: 60_000,
    describe: 'half of the commands',
  });
  first.kill('SIGKILL');
  await pipeline.start('dispatcher-1');
  await drained('all to be committed');
  // Reading the state is befallen by faults too.
  api.faults.clear();

  const counters = api.counters();
  t.diagnostic(JSON.stringify(counters));
  t.diagnostic(`${commandsIn(bulkCallsOf('acme'))} commands in ${bulkCallsOf('acme').length} bulk calls of acme`);
  assert.ok(bulkCallsOf('beta').length > 0, 'the edit was followed');
  assert.ok(counters.keysInUse > 0, 'parts of calls failed for now');
  const refused = calm.refused + rough.refused;
  assert.deepEqual(
    { applied: counters.applied, unchanged: counters.unchanged, keysReused: counters.keysReused },
    { applied: COMMANDS - refused, unchanged: 0, keysReused: 0 },
  );

  const deadLetters = await pipeline.deadLetters();
  const ids = new Set(deadLetters.map((deadLetter) => headerText(deadLetter, 'command-id')));
  assert.equal(ids.size, refused);
  for (const deadLetter of deadLetters) {
    assert.equal(headerText(deadLetter, 'dlq.code'), 'api.rejected');
    assert.equal(headerText(deadLetter, 'dlq.status'), '400');
    assert.match(headerText(deadLetter, 'dlq.message') ?? '', /1000 characters/);
    assert.ok(headerText(deadLetter, 'dlq.last.attempt.at'));
  }

  const expected = new Map([...calm.last, ...rough.last]);
  for (const connector of CONNECTORS) {
    const headers = { authorization: `Bearer key-of-${connector}` };
    const response = await fetch(`${api.url}/v1/users?limit=1000`, { headers });
    const { items } = (await response.json()) as { items: { userId: string; properties: Record<string, unknown> }[] };
    assert.ok(items.length > USERS / 4);
    for (const { userId, properties } of items) {
      assert.equal(properties['last'], expected.get(`${connector} ${userId}`), `${connector} ${userId}`);
    }
  }
});
