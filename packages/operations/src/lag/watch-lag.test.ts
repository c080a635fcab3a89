import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHeaders } from '@astrolabe/records';
import { mapperProgressRecord, orderRecord } from '@astrolabe/replay';
import { mapperProgress, replayOrder } from '@astrolabe/replay/testing';
import { createInMemoryCluster, type InMemoryCluster } from '../testing/in-memory-cluster.ts';
import { createSteppingClock } from '../testing/stepping-clock.ts';
import { watchLag, type LagSnapshot } from './watch-lag.ts';

const groups = { mapper: 'mapper', dispatcher: 'dispatcher' };
const { signal } = new AbortController();

async function addEvents({ log, topics }: InMemoryCluster, connectors: readonly string[]): Promise<void> {
  await log.send(
    topics.segmentEvents.name,
    connectors.map((id) => ({
      key: null,
      value: Buffer.from('{}'),
      headers: toHeaders({ 'connector-id': id }),
      partition: 0,
    })),
  );
}

async function firstSnapshot(cluster: InMemoryCluster, onSleep?: () => Promise<void>): Promise<LagSnapshot> {
  const clock = createSteppingClock(onSleep);
  const watching = watchLag({ cluster, groups, clock, signal, intervalMs: 1_000, byConnector: true });
  const { value } = await watching.next();
  return value;
}

test('a snapshot counts what each service has not read, by connector, and the rates since the last one', async () => {
  const cluster = createInMemoryCluster();
  const events = cluster.topics.segmentEvents.name;
  await addEvents(cluster, ['acme', 'acme', 'other', 'acme']);
  cluster.commit('mapper', events, 0, { nextOffset: 1n });
  const { services } = await firstSnapshot(cluster, async () => {
    await addEvents(cluster, ['acme', 'acme']);
    cluster.commit('mapper', events, 0, { nextOffset: 4n });
  });
  const [mapper, dispatcher] = services;
  assert.deepEqual(mapper?.total.byConnector, { acme: 2 });
  assert.deepEqual([mapper.total.records, mapper.total.inPerSecond, mapper.total.outPerSecond], [2, 2, 3]);
  assert.deepEqual([mapper.total.catchUpMs, dispatcher?.total.records], [2_000, 0]);
});

test('an open transaction is reported with the service that it blocks', async () => {
  const cluster = createInMemoryCluster();
  await addEvents(cluster, ['acme', 'acme']);
  cluster.hold(cluster.topics.segmentEvents.name, 0, 1n);
  const { services } = await firstSnapshot(cluster);
  assert.deepEqual(
    services.map(({ service, held }) => [service, held.map(({ partition, fromOffset }) => [partition, fromOffset])]),
    [
      ['mapper', [[0, 1n]]],
      ['dispatcher', []],
    ],
  );
});

test('a position of a topic that was deleted and created again is reported', async () => {
  const cluster = createInMemoryCluster();
  const commands = cluster.topics.commands.name;
  cluster.commit('dispatcher', commands, 2, { nextOffset: 5n, topicId: cluster.topicIdOf(commands) });
  cluster.recreate(commands);
  const { services } = await firstSnapshot(cluster);
  assert.deepEqual(
    services.flatMap(({ recreated }) => recreated.map(({ partition, nextOffset }) => [partition, nextOffset])),
    [[2, 5n]],
  );
});

test('a watch ends when its signal aborts', async () => {
  const interruption = new AbortController();
  const clock = createSteppingClock(() => interruption.abort(new Error('interrupted')));
  const options = { clock, signal: interruption.signal, intervalMs: 1, byConnector: false };
  await assert.rejects(watchLag({ cluster: createInMemoryCluster(), groups, ...options }).next(), /interrupted/);
});

test('replays that are not over are shown apart from lag', async () => {
  const cluster = createInMemoryCluster();
  const order = replayOrder();
  const over = replayOrder({ id: 'over' });
  await cluster.log.send(cluster.topics.replays.name, [
    orderRecord(order),
    orderRecord(over),
    mapperProgressRecord('over', 0, mapperProgress(100n, { skipped: 100 })),
  ]);
  const { services, replays } = await firstSnapshot(cluster);
  assert.deepEqual(
    replays.map(({ id, phase }) => [id, phase]),
    [['r1', 'waiting']],
  );
  assert.ok(services.every(({ total }) => total.records === 0));
});
