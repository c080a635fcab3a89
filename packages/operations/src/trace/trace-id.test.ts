import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeChunk, forcedDeliveryId } from '@astrolabe/ledger';
import { toDeadLetter, toHeaders } from '@astrolabe/records';
import { noDispatcherCounts, orderRecord, replayedCommandsRecord } from '@astrolabe/replay';
import { replayOrder } from '@astrolabe/replay/testing';
import { createInMemoryCluster } from '../testing/in-memory-cluster.ts';
import { createSteppingClock } from '../testing/stepping-clock.ts';
import { traceId, type Trace, type TracedKind } from './trace-id.ts';

const NOW_MS = 1_780_000_000_000;
const DELIVERED = 'c'.repeat(32);
const WAITING = 'd'.repeat(32);

/** An event with two commands, of which one was delivered, and with a dead letter. */
async function setUp() {
  const cluster = createInMemoryCluster({ nowMs: () => NOW_MS });
  const { log, topics } = cluster;
  const key = Buffer.from('["acme","user","u1"]');
  const headers = toHeaders({ 'connector-id': 'acme', 'message-id': 'm1' });
  const value = Buffer.from('{"type":"track","event":"E","userId":"u1","messageId":"m1"}');
  await log.send(topics.segmentEvents.name, [{ key, value, headers }]);
  const positions = await log.send(
    topics.commands.name,
    [DELIVERED, WAITING].map((id) => {
      const own = { ...headers, ...toHeaders({ 'command-id': id }) };
      return { key, value: Buffer.from([0, 0, 0, 0, 1]), headers: own };
    }),
  );
  const { partition, offset } = positions[0] ?? assert.fail();
  const source = { topic: topics.commands.name, partition, offset, timestampMs: NOW_MS, key, value, headers };
  const cause = { code: 'api.rejected', message: 'no', group: 'dispatcher', atMs: NOW_MS } as const;
  const dead = { ...source, headers: { ...headers, ...toHeaders({ 'command-id': DELIVERED }) } };
  await log.send(topics.commandsDeadLetters.name, [toDeadLetter(dead, cause)]);
  const entry = { commandId: DELIVERED, connectorId: 'acme', outcome: 'dead-lettered', status: 422 } as const;
  const chunk = encodeChunk([{ ...entry, offset, atMs: NOW_MS }]);
  await log.send(topics.deliveries.name, [{ key: null, value: chunk, headers: {}, partition }]);
  const trace = (id: string, kind?: TracedKind, connectors: readonly string[] = ['acme']): Promise<Trace> =>
    traceId({
      cluster,
      decoder: undefined,
      dispatcherGroup: 'dispatcher',
      id,
      kind,
      sinceMs: NOW_MS - 86_400_000,
      connectors: async () => connectors,
      clock: createSteppingClock(undefined, NOW_MS),
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
  return { cluster, trace, partition };
}

const rolesOf = ({ hops, deliveries }: Trace) => [...hops.map(({ role }) => role), ...deliveries.map(() => 'delivery')];

test('every hop of a message is found, and what became of its commands', async () => {
  const { cluster, trace, partition } = await setUp();
  const traced = await trace('m1', 'message');
  assert.deepEqual(rolesOf(traced), ['event', 'command', 'command', 'dead letter', 'delivery']);
  assert.deepEqual([...traced.waits.values()], [{ kind: 'nothing-committed' }]);
  cluster.commit('dispatcher', cluster.topics.commands.name, partition, { nextOffset: 1n });
  assert.deepEqual([...(await trace('m1', 'message')).waits.values()], [{ kind: 'not-reached', nextOffset: 1n }]);
});

test('a command is traced with its event and without the other commands', async () => {
  const { trace } = await setUp();
  assert.deepEqual(rolesOf(await trace(DELIVERED)), ['event', 'command', 'dead letter', 'delivery']);
  assert.deepEqual(rolesOf(await trace(WAITING)), ['event', 'command']);
});

test('an id that is not a message is looked for as a user of each connector', async () => {
  const { trace } = await setUp();
  assert.deepEqual(rolesOf(await trace('u1')), ['event', 'command', 'command', 'dead letter', 'delivery']);
  assert.deepEqual(rolesOf(await trace('u1', 'user', ['other'])), []);
});

test('where nothing is found, transactions that hide records are reported', async () => {
  const { cluster, trace } = await setUp();
  assert.deepEqual((await trace('m2', 'message')).hidden, []);
  await cluster.log.send(cluster.topics.segmentEvents.name, [
    { key: null, value: Buffer.from('{"messageId":"m2"}'), headers: {}, partition: 5 },
  ]);
  cluster.hold(cluster.topics.segmentEvents.name, 5, 0n);
  const { hops, hidden } = await trace('m2', 'message');
  assert.deepEqual([hops, hidden.map(({ partition }) => partition)], [[], [5]]);
});

test('what a forced replay of commands delivered is found by the replay, which leaves no record on their topic', async () => {
  const { cluster, trace, partition } = await setUp();
  const { log, topics } = cluster;
  const order = replayOrder({ request: { source: 'commands', force: true } });
  await log.send(topics.replays.name, [orderRecord(order)]);
  const forcedId = forcedDeliveryId('r1', DELIVERED);
  const entry = { commandId: forcedId, connectorId: 'acme', outcome: 'delivered', status: 200 } as const;
  const chunk = encodeChunk([{ ...entry, offset: 0n, atMs: NOW_MS }]);
  await log.send(topics.deliveries.name, [{ key: null, value: chunk, headers: {}, partition }]);
  for (const id of [DELIVERED, forcedId]) {
    const { deliveries } = await trace(id);
    assert.deepEqual(
      deliveries.map((each) => [each.commandId, each.forcedId]),
      [
        [DELIVERED, undefined],
        [DELIVERED, forcedId],
      ],
    );
  }
});

test('a command that a replay made of an event waits for the dispatcher where that reads replayed commands', async () => {
  const { cluster, trace, partition } = await setUp();
  const { log, topics } = cluster;
  const key = Buffer.from('["acme","user","u1"]');
  const id = 'e'.repeat(32);
  const marks = { 'replay-id': 'r1', 'replay-from': `${topics.segmentEvents.name}:0:0` } as const;
  const headers = toHeaders({ 'connector-id': 'acme', 'message-id': 'm1', 'command-id': id, ...marks });
  await log.send(topics.replayedCommands.name, [{ key, value: Buffer.from([0, 0, 0, 0, 1]), headers }]);
  assert.deepEqual([...(await trace(id)).waits.values()], [{ kind: 'nothing-committed' }]);
  const replays = { r1: { gaveWayMs: 0, counts: { ...noDispatcherCounts, knownToLedger: 1 } } };
  await log.send(topics.replays.name, [replayedCommandsRecord(partition, { nextOffset: 1n, atMs: NOW_MS, replays })]);
  assert.deepEqual([...(await trace(id)).waits.values()], []);
});
