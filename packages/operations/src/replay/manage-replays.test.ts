import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReplayOrder } from '@astrolabe/replay';
import { createInMemoryCluster, type InMemoryCluster } from '../testing/in-memory-cluster.ts';
import { fill, ReplayOwners } from '../testing/replay-owners.ts';
import { createSteppingClock } from '../testing/stepping-clock.ts';
import { controlReplay, type ControlledReplay } from './control-replay.ts';
import { findReplay, listReplays } from './list-replays.ts';
import { planReplay } from './plan-replay.ts';
import { startReplay } from './start-replay.ts';

const { signal } = new AbortController();
const DAY_MS = 86_400_000;

async function setUp(startMs?: number) {
  const cluster = createInMemoryCluster();
  await fill(cluster, cluster.topics.commands.name, 100);
  const clock = createSteppingClock(undefined, startMs);
  const control = (id: string, wanted: ReplayOrder['wanted'], rate?: number | 'none'): Promise<ControlledReplay> =>
    controlReplay({ cluster, id, wanted, rate, clock, signal });
  return { cluster, clock, control, owners: new ReplayOwners(cluster) };
}

type Bed = Awaited<ReturnType<typeof setUp>>;

async function orderFor({ cluster, clock }: Bed, id: string): Promise<ReplayOrder> {
  const request = { source: 'commands', toEarliest: true } as const;
  const planned = await planReplay({ cluster, request, id, recordsPerSecond: undefined, clock, signal });
  return planned.kind === 'planned' ? planned.order : assert.fail(planned.kind);
}

async function started(bed: Bed, id: string): Promise<ReplayOrder> {
  const order = await orderFor(bed, id);
  assert.equal((await startReplay({ ...bed, order, signal })).kind, 'started');
  return order;
}

async function orderOf(cluster: InMemoryCluster, id: string): Promise<string> {
  const found = await findReplay(cluster, id, signal);
  return found.kind === 'replay' ? found.replay.phase : found.kind;
}

test('a replay is started once, however many programs start it', async () => {
  const bed = await setUp();
  const order = await orderFor(bed, 'twice');
  const both = await Promise.all([1, 2].map(() => startReplay({ ...bed, order, signal })));
  assert.deepEqual(both.map(({ kind }) => kind).toSorted(), ['exists', 'started']);
});

test('a replay is paused, resumed and cancelled, and its owners tell when they have obeyed', async () => {
  const bed = await setUp();
  const { cluster, control, owners } = bed;
  const order = await started(bed, 'r');
  assert.equal(await orderOf(cluster, 'r'), 'waiting');
  await owners.deliver(order, 0.3);
  assert.equal(await orderOf(cluster, 'r'), 'running');
  assert.equal((await control('r', 'run')).kind, 'unchanged');
  assert.equal((await control('r', 'pause')).kind, 'changed');
  assert.equal(await orderOf(cluster, 'r'), 'pausing');
  await owners.deliver({ ...order, changedAtMs: order.changedAtMs + 1 }, 0.4);
  assert.equal(await orderOf(cluster, 'r'), 'paused');
  assert.equal((await control('r', 'run')).kind, 'changed');
  assert.equal((await control('r', 'cancel')).kind, 'changed');
  assert.deepEqual(await control('r', 'run'), { kind: 'refused', phase: 'cancelling' });
  assert.equal((await control('other', 'pause')).kind, 'unknown');
});

test('the most a second is changed while a replay runs', async () => {
  const bed = await setUp();
  const { cluster, control } = bed;
  await started(bed, 'r');
  const rate = async () => {
    const found = await findReplay(cluster, 'r', signal);
    return found.kind === 'replay' ? found.replay.recordsPerSecond : assert.fail(found.kind);
  };
  assert.equal((await control('r', 'run', 500)).kind, 'changed');
  assert.equal(await rate(), 500);
  assert.equal((await control('r', 'run', 500)).kind, 'unchanged');
  assert.equal((await control('r', 'run', 'none')).kind, 'changed');
  assert.equal(await rate(), undefined);
});

test('a replay whose topic was deleted and created again is told, and cancelling it removes it', async () => {
  const bed = await setUp();
  const { cluster, control } = bed;
  await started(bed, 'r');
  cluster.recreate(cluster.topics.commands.name);
  const { replays } = await listReplays(cluster, signal);
  assert.deepEqual(
    replays.map(({ id, isOrphan }) => [id, isOrphan]),
    [['r', true]],
  );
  assert.equal((await control('r', 'pause')).kind, 'orphan');
  assert.equal((await control('r', 'cancel')).kind, 'removed');
  assert.equal(await orderOf(cluster, 'r'), 'unknown');
});

test('what is over for a week is removed when another replay is started, and nothing else is', async () => {
  const bed = await setUp();
  const { cluster, clock, owners } = bed;
  await owners.deliver(await started(bed, 'over'), 1);
  await started(bed, 'waiting');
  await clock.sleep(8 * DAY_MS);
  await owners.deliver(await started(bed, 'new'), 1);
  const { replays } = await listReplays(cluster, signal);
  assert.deepEqual(
    replays.map(({ id }) => id),
    ['waiting', 'new'],
  );
});

test('a replay of an earlier version is listed with what it had not read, and cannot be resumed', async () => {
  const bed = await setUp();
  const { cluster, control } = bed;
  const state = {
    id: 'old',
    request: { source: 'events', connector: ['acme'] },
    startedAt: new Date(bed.clock.nowMs()).toISOString(),
    spans: [
      { partition: 0, fromOffset: 0, endOffset: 50, position: 50 },
      { partition: 2, fromOffset: 0, endOffset: '9007199254740993', position: 7 },
    ],
  };
  const value = Buffer.from(JSON.stringify(state));
  await cluster.log.send(cluster.topics.replays.name, [{ key: Buffer.from('old'), value, headers: {}, partition: 0 }]);
  const found = await findReplay(cluster, 'old', signal);
  assert.ok(found.kind === 'older-version' && found.replay.kind === 'readable');
  assert.equal(found.replay.remaining, '2:7-9007199254740992');
  assert.equal((await control('old', 'run')).kind, 'older-version');
  const order = await orderFor(bed, 'other');
  assert.equal((await startReplay({ ...bed, order: { ...order, id: 'old' }, signal })).kind, 'exists');
  await bed.clock.sleep(8 * DAY_MS);
  await startReplay({ ...bed, order, signal });
  assert.deepEqual((await listReplays(cluster, signal)).older, []);
});
