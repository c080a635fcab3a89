import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deliveryIdOf, encodeChunk } from '@astrolabe/ledger';
import { toDeadLetter, toHeaders, type OutgoingRecord } from '@astrolabe/records';
import { jsonLines, runAstrolabe } from '../testing/run-astrolabe.ts';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.ts';

const EVENTS = 200_000;
const BATCH = 20_000;
const COMMAND_ID = 'c'.repeat(32);
const WAITING_ID = 'd'.repeat(32);

const event = (index: number): OutgoingRecord => ({
  key: Buffer.from(`["acme","user","u${index % 5_003}"]`),
  value: Buffer.from(`{"type":"track","event":"E","userId":"u${index % 5_003}","messageId":"m${index}"}`),
  headers: { 'connector-id': Buffer.from('acme'), 'message-id': Buffer.from(`m${index}`) },
});

async function writeTrail({ producer, topics }: TestCluster, messageId: string): Promise<void> {
  const key = Buffer.from('["acme","user","traced"]');
  const headers = toHeaders({ 'connector-id': 'acme', 'message-id': messageId });
  const value = Buffer.from(`{"type":"track","event":"E","userId":"traced","messageId":"${messageId}"}`);
  const [position] = await producer.send(topics.segmentEvents.name, [{ key, value, headers }]);
  assert.ok(position);
  const command = { ...headers, ...toHeaders({ 'command-id': COMMAND_ID }) };
  const framed = Buffer.from([0, 0, 0, 0, 1]);
  const [stored] = await producer.send(topics.commands.name, [{ key, value: framed, headers: command }]);
  const waiting = { ...headers, ...toHeaders({ 'command-id': WAITING_ID }) };
  await producer.send(topics.commands.name, [{ key, value: framed, headers: waiting }]);
  assert.ok(stored);
  const source = { ...position, topic: topics.commands.name, timestampMs: Date.now(), key, value, headers: command };
  const cause = { code: 'api.rejected', message: 'no', group: 'dispatcher', atMs: Date.now() } as const;
  await producer.send(topics.commandsDeadLetters.name, [toDeadLetter(source, cause)]);
  const { partition, offset } = stored;
  const chunk = encodeChunk([
    { commandId: COMMAND_ID, connectorId: 'acme', outcome: 'dead-lettered', status: 422, offset, atMs: Date.now() + 5 },
  ]);
  await producer.send(topics.deliveries.name, [{ key: null, value: chunk, headers: {}, partition }]);
}

test('a message is traced among many events, and so are its command and its user', async (t) => {
  const cluster = await startTestCluster(t, 'trace');
  for (let from = 0; from < EVENTS; from += BATCH) {
    await cluster.producer.send(
      cluster.topics.segmentEvents.name,
      Array.from({ length: BATCH }, (_, index) => event(from + index)),
    );
  }
  const messageId = `node-next-${Date.now()}-0b8bcd3c-9e5c-4c3c-8d3a-0f6f6d1a2b3c`;
  await writeTrail(cluster, messageId);
  const hopsOf = async (...args: string[]) => {
    const traced = await runAstrolabe(['trace', ...args, '--json'], {
      KAFKA_BROKERS: cluster.env['KAFKA_BROKERS'],
      KAFKA_TOPIC_PREFIX: cluster.prefix,
    });
    assert.equal(traced.exitCode, 0, traced.stderr);
    t.diagnostic(`${args.join(' ')}: ${traced.stderr.trim()}`);
    return jsonLines<{ role: string; messageId?: string; commandId?: string; waits?: string }>(traced);
  };
  const byMessage = await hopsOf(messageId);
  assert.deepEqual(
    byMessage.map(({ role }) => role),
    ['event', 'command', 'command', 'dead letter', 'delivery'],
  );
  assert.deepEqual(
    byMessage.flatMap(({ commandId, waits }) => (waits === undefined ? [] : [[commandId, waits]])),
    [[WAITING_ID, 'waiting: the dispatcher has not committed an offset for this partition']],
  );
  const byCommand = await hopsOf(COMMAND_ID);
  assert.deepEqual(
    byCommand.map(({ role }) => role),
    ['event', 'command', 'dead letter', 'delivery'],
  );
  const byUser = await hopsOf('--as', 'user', 'traced', '--connector', 'acme');
  assert.deepEqual(
    byUser.map(({ role }) => role),
    ['event', 'command', 'command', 'dead letter', 'delivery'],
  );
  // This id contains no time, and does not determine a key.
  const one = await hopsOf('--as', 'message', 'm77777');
  assert.deepEqual(
    one.map(({ role, messageId: id }) => [role, id]),
    [['event', 'm77777']],
  );
});

test('a command that the dispatcher has not reached is shown as waiting', async (t) => {
  const { env, prefix, topics, admin, producer } = await startTestCluster(t, 'trace-waits');
  const key = Buffer.from('["acme","user","u1"]');
  const command = {
    key,
    value: Buffer.from([0, 0, 0, 0, 1]),
    headers: toHeaders({ 'connector-id': 'acme', 'message-id': 'm1', 'command-id': COMMAND_ID }),
  };
  const [position] = await producer.send(topics.commands.name, [command]);
  assert.ok(position);
  const groupId = `${prefix}astrolabe.dispatcher`;
  await admin.setOffsets(groupId, topics.commands.name, new Map([[position.partition, 0n]]));
  const traced = await runAstrolabe(['trace', COMMAND_ID], env);
  assert.equal(traced.exitCode, 0, traced.stderr);
  await admin.deleteGroups([groupId]);
  assert.match(traced.stdout, /\n {2}waiting: the dispatcher is at offset 0 of this partition\n$/);
});

test('what a forced replay delivered is traced beside the first delivery, and by the id of its own', async (t) => {
  const { env, topics, producer } = await startTestCluster(t, 'trace-forced');
  const key = Buffer.from('["acme","user","u1"]');
  const value = Buffer.from([0, 0, 0, 0, 1]);
  const headers = toHeaders({ 'connector-id': 'acme', 'message-id': 'm1', 'command-id': COMMAND_ID });
  const forced = { ...headers, ...toHeaders({ 'replay-id': 'r1', 'replay-force': '1' }) };
  const forcedId = deliveryIdOf({ headers: forced }, COMMAND_ID);
  const unfinished = { ...headers, ...toHeaders({ 'replay-id': 'r2', 'replay-force': '1' }) };
  const positions = await producer.send(
    topics.commands.name,
    [headers, forced, unfinished].map((each) => ({ key, value, headers: each })),
  );
  const chunk = encodeChunk(
    [COMMAND_ID, forcedId].map((commandId, index) => ({
      commandId,
      connectorId: 'acme',
      outcome: 'delivered',
      status: 200,
      offset: positions[index]?.offset ?? 0n,
      atMs: Date.now() + index,
    })),
  );
  const partition = positions[0]?.partition ?? 0;
  await producer.send(topics.deliveries.name, [{ key: null, value: chunk, headers: {}, partition }]);
  for (const id of [COMMAND_ID, forcedId]) {
    const traced = await runAstrolabe(['trace', id], env);
    assert.equal(traced.exitCode, 0, traced.stderr);
    assert.match(traced.stdout, /delivered 200 command c{32} \(\+/);
    assert.ok(traced.stdout.includes(`delivered 200 command ${COMMAND_ID} forced as ${forcedId}`), traced.stdout);
    assert.equal(traced.stdout.match(/waiting: the dispatcher has not committed/g)?.length, 1, 'that of r2 only');
  }
});

test('an id that is on no topic is reported as not found', async (t) => {
  const { env } = await startTestCluster(t, 'trace-none');
  const traced = await runAstrolabe(['trace', '--as', 'message', 'm1'], env);
  assert.equal(traced.exitCode, 1);
  assert.match(traced.stderr, /Nothing found for m1 since .* \(0 records searched/);
});
