import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReplayRequest } from '@astrolabe/replay';
import { createInMemoryCluster } from '../testing/in-memory-cluster.ts';
import { fill } from '../testing/replay-owners.ts';
import { createSteppingClock } from '../testing/stepping-clock.ts';
import { planReplay } from './plan-replay.ts';
import { startReplay } from './start-replay.ts';

const { signal } = new AbortController();
const clock = createSteppingClock();

async function setUp() {
  const cluster = createInMemoryCluster();
  await fill(cluster, cluster.topics.commands.name, 10);
  const plan = (request: ReplayRequest, id?: string) =>
    planReplay({ cluster, request, id, recordsPerSecond: undefined, clock, signal });
  return { cluster, plan };
}

test('an order has the range as it is on the topic at the start, and the id of the topic', async () => {
  const { cluster, plan } = await setUp();
  const planned = await plan({ source: 'commands', toEarliest: true }, 'mine');
  assert.ok(planned.kind === 'planned');
  await fill(cluster, cluster.topics.commands.name, 5);
  const { id, spans, topicIds, wanted } = planned.order;
  const { name } = cluster.topics.commands;
  assert.deepEqual([id, wanted, topicIds], ['mine', 'run', { [name]: cluster.topicIdOf(name) }]);
  assert.deepEqual(spans, [{ partition: 0, fromOffset: 0n, endOffset: 10n }]);
  assert.deepEqual(planned.missing, []);
});

test('what is asked for and not on the topic is told, and a range without a record starts nothing', async () => {
  const { plan } = await setUp();
  const partly = await plan({ source: 'commands', offsets: '0:5-20' });
  assert.ok(partly.kind === 'planned');
  assert.deepEqual(
    partly.missing.map(({ kind }) => kind),
    ['future-offsets'],
  );
  const nothing = await plan({ source: 'commands', offsets: '1:0-9' });
  assert.equal(nothing.kind, 'nothing-in-range');
  assert.equal((await plan({ source: 'events', toEarliest: true })).kind, 'nothing-in-range');
});

test('what cannot be planned is refused with the reason', async () => {
  const { plan } = await setUp();
  const kindOf = async (request: ReplayRequest, id?: string) => (await plan(request, id)).kind;
  assert.equal(await kindOf({ source: 'commands' }), 'no-range');
  assert.equal(await kindOf({ source: 'commands' }, 'unknown'), 'no-range');
  assert.equal(await kindOf({ source: 'commands', offsets: '99:0-' }), 'unknown-partition');
  assert.equal(await kindOf({ source: 'commands', toEarliest: true, toDatetime: 1 }), 'several-starts');
});

test('a replay that was started before is found by its id, whatever of its options is left out', async () => {
  const { cluster, plan } = await setUp();
  const request: ReplayRequest = { source: 'commands', toEarliest: true, connector: ['acme'] };
  const planned = await plan(request, 'known');
  assert.ok(planned.kind === 'planned');
  assert.equal((await startReplay({ cluster, order: planned.order, clock, signal })).kind, 'started');
  assert.equal((await plan({ source: 'commands' }, 'known')).kind, 'started');
  assert.equal((await plan(request, 'known')).kind, 'started');
  const different = await plan({ source: 'events', user: 'ada' }, 'known');
  assert.ok(different.kind === 'different-request');
  assert.deepEqual(different.differing, ['source', 'user']);
});
