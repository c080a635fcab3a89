/**
 * Two dispatchers that join, leave and are killed, over an API that fails in every way. In the end the API holds what
 * the commands alone determine, and each was applied once, in its key's order.
 *
 * A longer run, without the runner's time limits:
 * `DISPATCHED_COMMANDS=50000 npm run with-stack -- node --test test/integrity/dispatcher-crashes.integration.test.ts`.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandId, type Command } from '@astrolabe/schemas';
import { eventually, type ServiceProcess } from '@astrolabe/testkit';
import { startDispatchersOnBroker, type DispatchersOnBroker } from './dispatchers-on-broker.ts';

const COMMANDS = Number(process.env['DISPATCHED_COMMANDS'] ?? 6_000);
const USERS = COMMANDS >= 50_000 ? 2_000 : 300;
const KILLS = 5;
const CONNECTORS = ['acme', 'beta'] as const;
const FIRST_AT = Date.UTC(2026, 0, 1);

const env = {
  KAFKA_SESSION_TIMEOUT_MS: '6000',
  DISPATCHER_API_TIMEOUT_MS: '1000',
  DISPATCHER_RETRY_BASE_MS: '20',
  DISPATCHER_RETRY_MAX_MS: '500',
  DISPATCHER_CIRCUIT_PAUSE_MS: '100',
  DISPATCHER_CIRCUIT_MAX_PAUSE_MS: '500',
  SHUTDOWN_TIMEOUT_MS: '10000',
};

interface Expected {
  readonly commands: readonly Command[];
  /** Properties by connector and user. */
  readonly users: ReadonlyMap<string, Record<string, unknown>>;
  /** Ids of commands by connector and user, in their order. */
  readonly order: ReadonlyMap<string, readonly string[]>;
  readonly events: number;
}

/** Commands, and what they come to: the oracle knows nothing of how they are delivered. */
function generate(): Expected {
  const users = new Map<string, Record<string, unknown>>();
  const order = new Map<string, string[]>();
  let events = 0;
  const commands = Array.from({ length: COMMANDS }, (_, index): Command => {
    const dice = createHash('sha256').update(`dice ${index}`).digest();
    const connectorId = CONNECTORS[dice.readUInt8(0) % 2] ?? 'acme';
    const userId = `user-${dice.readUInt16LE(1) % USERS}`;
    const occurredAt = FIRST_AT + index;
    const messageId = `m-${index}`;
    const isEvent = dice.readUInt8(3) % 4 === 0;
    const id = commandId(connectorId, messageId, isEvent ? 'TrackEvent' : 'UpsertUser');
    const common = { commandId: id, connectorId, messageId, occurredAt, receivedAt: Date.now() };
    const key = `${connectorId} ${userId}`;
    order.set(key, [...(order.get(key) ?? []), id]);
    const properties = users.get(key) ?? {};
    users.set(key, properties);
    if (isEvent) {
      events += 1;
      const event = { event: 'Opened', userId, anonymousId: null, properties: { index }, userProperties: {} };
      return { kind: 'TrackEvent', record: { ...common, ...event } };
    }
    const set = { last: index, [`p${index % 5}`]: index };
    Object.assign(properties, set);
    return { kind: 'UpsertUser', record: { ...common, userId, properties: set } };
  });
  return { commands, users, order, events };
}

test('through five kills, joins, leaves and every fault of the API each command is applied once, in its order', async (t) => {
  const pipeline = await startDispatchersOnBroker(t, CONNECTORS, env);
  const { api } = pipeline;
  api.faults.add(
    { kind: 'status', status: 429, retryAfterSeconds: 1, rate: 0.01, times: 4 },
    { kind: 'status', status: 429, rate: 0.005 },
    { kind: 'status', status: 500, rate: 0.02 },
    { kind: 'status', status: 503, rate: 0.01 },
    { kind: 'lose-answer', rate: 0.02 },
    { kind: 'cut', rate: 0.01 },
    { kind: 'hang', rate: 0.002, times: 20 },
    { kind: 'delay', delayMs: 20, rate: 0.5 },
  );
  const expected = generate();
  const running: ServiceProcess[] = [await pipeline.start('dispatcher-0')];
  running.push(await pipeline.start('dispatcher-1'));
  let started = 2;
  // A part for each kill, and one behind the last: each befalls work that has just begun.
  const part = Math.ceil(COMMANDS / (KILLS + 1));
  const produce = (index: number) => pipeline.produce(expected.commands.slice(index * part, (index + 1) * part));
  for (let kill = 0; kill < KILLS; kill += 1) {
    const before = api.counters().applied;
    const producing = produce(kill);
    await eventually(() => api.counters().applied >= before + part / 4, {
      timeoutMs: 100_000,
      describe: `effects before kill ${kill + 1}`,
    });
    const inHand = kill * part + part - api.counters().applied;
    assert.ok(inHand > 0, `kill ${kill + 1} interrupts work`);
    const victim = running.shift();
    victim?.kill('SIGKILL');
    running.push(await pipeline.start(`dispatcher-${started}`));
    started += 1;
    t.diagnostic(`kill ${kill + 1} with ${inHand} commands to go`);
    await producing;
  }
  // One leaves in order, and another one comes.
  const producing = produce(KILLS);
  await running.shift()?.stop();
  running.push(await pipeline.start(`dispatcher-${started}`));
  await producing;
  await eventually(() => pipeline.isDrained(), {
    timeoutMs: 200_000,
    intervalMs: 250,
    describe: 'all to be committed',
  });
  // Reading the state is befallen by faults too.
  api.faults.clear();
  await assertState(pipeline, expected);
  t.diagnostic(JSON.stringify(api.counters()));

  const { calls } = api.counters();
  for (const each of running) await each.stop();
  await pipeline.rewind();
  await pipeline.start('reader');
  await eventually(() => pipeline.isDrained(), { timeoutMs: 60_000, intervalMs: 250, describe: 'the second reading' });
  await sleep(200);
  const again = api.counters().calls - calls;
  assert.equal(again, 0, 'the whole topic is read again without a call');
});

async function assertState({ api, deadLetters }: DispatchersOnBroker, expected: Expected): Promise<void> {
  assert.deepEqual(await deadLetters(), []);
  for (const connector of CONNECTORS) {
    for (const { userId, properties } of await pages(`${api.url}/v1/users`, connector)) {
      assert.deepEqual(properties, expected.users.get(`${connector} ${userId}`), `${connector} ${userId}`);
    }
  }
  const firstApplied = new Map<string, number>();
  for (const { idempotencyKey, applied, sequence } of api.calls.all()) {
    if (applied > 0 && idempotencyKey !== null) firstApplied.set(idempotencyKey, sequence);
  }
  assert.equal(firstApplied.size, COMMANDS, 'every command has its effect');
  for (const [key, commandIds] of expected.order) {
    const sequences = commandIds.map((commandId) => firstApplied.get(commandId) ?? -1);
    assert.deepEqual(
      sequences,
      sequences.toSorted((a, b) => a - b),
      `the commands of ${key} arrive in their order`,
    );
  }
  const { applied, keysReused } = api.counters();
  assert.deepEqual({ applied, keysReused }, { applied: COMMANDS, keysReused: 0 });
}

interface User {
  readonly userId: string;
  readonly properties: Record<string, unknown>;
}

async function pages(url: string, connector: string): Promise<readonly User[]> {
  const users: User[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const query = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const response = await fetch(`${url}?limit=1000${query}`, {
      headers: { authorization: `Bearer key-of-${connector}` },
    });
    const page = (await response.json()) as { readonly items: readonly User[]; readonly nextCursor: string | null };
    users.push(...page.items);
    cursor = page.nextCursor;
  }
  return users;
}
