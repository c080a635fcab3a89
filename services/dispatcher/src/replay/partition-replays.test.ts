import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noDispatcherCounts, readOf, type DispatcherCounts } from '@astrolabe/replay';
import { createReplayWorld, PARTITION, type ReplayWorld } from '../testing/replay-world.ts';
import { answer } from '../testing/scripted-api.ts';

/** The counts that are not 0. */
function countsOf({ viewOf }: ReplayWorld, id = 'r1'): Partial<DispatcherCounts> {
  const { dispatcher, commands } = viewOf(id);
  const counts = dispatcher.get(PARTITION)?.counts ?? commands.get(PARTITION)?.counts ?? noDispatcherCounts;
  return Object.fromEntries((Object.entries(counts) as [string, number][]).filter(([, count]) => count > 0));
}

const callsIn = ({ effects }: ReplayWorld): number => effects.filter((effect) => effect.startsWith('call')).length;

test('a replay of commands makes no call for what the ledger knows, and one for what it does not', async () => {
  const world = createReplayWorld();
  const records = world.topics.append('commands', 'a1', 'b1', 'a2');
  const owner = world.own();
  owner.lanes.enqueue(records.slice(0, 2), 2n);
  await owner.work();
  assert.equal(callsIn(world), 2);
  owner.passLive();
  world.order();
  await owner.work(1_500);
  assert.equal(callsIn(world), 3);
  assert.deepEqual(countsOf(world), { knownToLedger: 2, delivered: 1 });
  assert.equal(world.phaseOf(), 'finished');
  assert.deepEqual(owner.committable.at(-1), 3n, 'the position of live traffic is its own');
  await owner.giveUp();
});

test('a forced replay delivers each command once more, and a restart in the middle of it does not do so twice', async () => {
  const world = createReplayWorld({ handler: { maxConcurrentCalls: 2 } });
  const messages = Array.from({ length: 40 }, (_, index) => `${'abcdefgh'.charAt(index % 8)}${index}`);
  const records = world.topics.append('commands', ...messages);
  const first = world.own();
  first.lanes.enqueue(records, 40n);
  await first.work(1_500);
  assert.equal(callsIn(world), 40);
  world.order({ request: { source: 'commands', force: true } });
  world.script.push(...Array.from({ length: 10 }, () => answer(200)), 'hang', 'hang');
  await first.work();
  assert.equal(callsIn(world), 52, 'the connector may have two calls at a time, and two hang');
  await first.crash();
  const second = world.own();
  second.passLive();
  await second.work(1_500);
  assert.equal(world.phaseOf(), 'finished');
  assert.deepEqual(countsOf(world), { delivered: 40 });
  assert.equal(callsIn(world), 40 + 40 + 2, 'the two that hung are repeated with the same keys');
  await second.giveUp();
});

test('the filter of a replay, and copies that an older version appended, are counted and not called for', async () => {
  const world = createReplayWorld();
  world.topics.append('commands', 'a1', 'b1', 'c1');
  const [copy] = world.topics.append('commands', 'd1');
  assert.ok(copy);
  Object.assign(copy, { headers: { ...copy.headers, 'replay-from': Buffer.from('commands:2:0') } });
  const owner = world.own();
  owner.passLive();
  world.order({ request: { source: 'commands', user: 'b' } });
  await owner.work(1_500);
  assert.deepEqual(countsOf(world), { filteredOut: 2, delivered: 1, replayedBefore: 1 });
  await owner.giveUp();
});

test('a dead letter from before the replay is tried again, and one of its own is not', async () => {
  const world = createReplayWorld();
  const records = world.topics.append('commands', 'a1');
  const owner = world.own();
  world.script.push(answer(400));
  owner.lanes.enqueue(records, 1n);
  await owner.work();
  assert.equal(world.deadLetters().length, 1);
  await world.clock.advance(1_000);
  world.order();
  world.script.push(answer(400));
  await owner.work(1_500);
  assert.deepEqual([callsIn(world), countsOf(world)], [2, { deadLettered: 1 }]);
  await owner.giveUp();
  world.order({ id: 'r2' });
  const next = world.own();
  next.passLive();
  await next.work(1_500);
  assert.deepEqual([callsIn(world), countsOf(world, 'r2')], [3, { delivered: 1 }], 'another replay is asked for later');
  await next.giveUp();
});

test('a cancelled replay calls for nothing more, and what was read and not started is counted as cancelled', async () => {
  const world = createReplayWorld({ handler: { maxConcurrentCalls: 1 } });
  world.topics.append('commands', 'a1', 'b1', 'c1', 'd1', 'e1');
  const owner = world.own();
  owner.passLive();
  world.script.push('hang');
  world.order();
  await owner.work();
  assert.equal(callsIn(world), 1);
  world.change('r1', { wanted: 'cancel' });
  await owner.work(1_500);
  assert.equal(world.phaseOf(), 'cancelling', 'a call is under way');
  await owner.crash();
  const next = world.own();
  next.passLive();
  await next.work(1_500);
  assert.equal(world.phaseOf(), 'cancelled');
  assert.equal(callsIn(world), 1);
  await next.giveUp();
});

test('what a cancellation drops is below its position and counted', async () => {
  const world = createReplayWorld({ handler: { maxConcurrentCalls: 1 } });
  world.topics.append('commands', 'a1', 'b1', 'c1', 'd1', 'e1');
  const owner = world.own();
  owner.passLive();
  world.script.push(answer(503, {}, { 'retry-after': '1' }));
  world.order();
  await owner.work(200);
  world.change('r1', { wanted: 'cancel' });
  await owner.work(200);
  assert.equal(world.phaseOf(), 'cancelled');
  assert.deepEqual(countsOf(world), { cancelled: 5 });
  assert.equal(world.viewOf().dispatcher.get(PARTITION)?.nextOffset, 5n);
  await owner.work(3_000);
  assert.equal(callsIn(world), 1);
  await owner.giveUp();
});

test('a paused replay calls for nothing, and goes on where it was', async () => {
  const world = createReplayWorld({ handler: { maxConcurrentCalls: 1 } });
  world.topics.append('commands', 'a1', 'b1', 'c1', 'd1');
  const owner = world.own();
  owner.passLive();
  world.script.push(answer(200), answer(503, {}, { 'retry-after': '1' }));
  world.order();
  await owner.work(100);
  world.change('r1', { wanted: 'pause' });
  await owner.work(5_000);
  assert.equal(world.phaseOf(), 'paused');
  assert.equal(callsIn(world), 2);
  assert.equal(world.viewOf().dispatcher.get(PARTITION)?.nextOffset, 1n);
  world.change('r1', { wanted: 'run' });
  await owner.work(3_000);
  assert.equal(world.phaseOf(), 'finished');
  assert.deepEqual([countsOf(world), callsIn(world)], [{ delivered: 4 }, 5]);
  await owner.giveUp();
});

test('commands of replayed events are followed as they are made, each replay counted apart, and their position is one for all', async () => {
  const world = createReplayWorld();
  const owner = world.own();
  world.order({ id: 'e1', request: { source: 'events' }, spans: [{ partition: 0, fromOffset: 0n, endOffset: 9n }] });
  world.order({ id: 'e2', request: { source: 'events' }, spans: [{ partition: 0, fromOffset: 0n, endOffset: 9n }] });
  await owner.work();
  world.topics.appendReplayed('e1', ['a1', 'b1']);
  world.topics.appendReplayed('e2', ['a1', 'c1']);
  await owner.work(1_500);
  world.topics.appendReplayed('e1', ['d1']);
  await owner.work(1_500);
  assert.deepEqual(
    [countsOf(world, 'e1'), countsOf(world, 'e2')],
    [{ delivered: 3 }, { knownToLedger: 1, delivered: 1 }],
  );
  assert.equal(world.follower.current().replayedCommands.get(PARTITION)?.nextOffset, 5n);
  await owner.giveUp();
});

test('what is left of a cancelled replay of events is dropped, read or not, and that of others is not', async () => {
  const world = createReplayWorld({ handler: { maxConcurrentCalls: 1 } });
  const owner = world.own();
  const spans = [{ partition: 0, fromOffset: 0n, endOffset: 9n }];
  world.order({ id: 'e1', request: { source: 'events' }, spans });
  world.order({ id: 'e2', request: { source: 'events' }, spans });
  world.topics.appendReplayed('e1', ['a1', 'b1', 'c1']);
  world.topics.appendReplayed('e2', ['d1']);
  world.script.push(answer(503, {}, { 'retry-after': '1' }));
  await owner.work(100);
  world.change('e1', { wanted: 'cancel' });
  world.topics.appendReplayed('e1', ['f1']);
  await owner.work(3_000);
  assert.deepEqual([countsOf(world, 'e1'), countsOf(world, 'e2')], [{ cancelled: 4 }, { delivered: 1 }]);
  await owner.giveUp();
});

test('a live command overtakes the replayed ones of its key that were not called for', async () => {
  const world = createReplayWorld({ handler: { maxConcurrentCalls: 1, bulk: undefined } });
  world.topics.append('commands', 'a1', 'a2', 'b1');
  const owner = world.own();
  owner.passLive();
  world.script.push(answer(503, {}, { 'retry-after': '1' }));
  world.order();
  await owner.work(100);
  const live = world.topics.append('commands', 'a3');
  owner.lanes.enqueue(live, 4n);
  await owner.work(3_000);
  const order = world.ledger.deliveries.map(({ offset }) => Number(offset));
  assert.equal(order[0], 3, `the live one is the first: ${order.join(' ')}`);
  assert.deepEqual(countsOf(world), { delivered: 3 });
  await owner.giveUp();
});

test('a replayed command that is tried again for hours holds no live command of its key back', async () => {
  const world = createReplayWorld();
  world.topics.append('commands', 'a1');
  const owner = world.own();
  owner.passLive();
  world.order();
  await owner.work(0);
  world.script.push(...Array.from({ length: 3 }, () => answer(500)));
  const live = world.topics.append('commands', 'a2');
  await owner.work(100);
  owner.lanes.enqueue(live, 2n);
  await owner.work(3_000);
  assert.ok(world.ledger.deliveries.some(({ offset }) => offset === 1n));
  await owner.giveUp();
});

test('records that retention has taken are counted as expired, and those of another topic of that name are not read', async () => {
  const world = createReplayWorld();
  world.topics.append('commands', 'a1', 'b1', 'c1', 'd1');
  world.topics.expire('commands', 3n);
  const owner = world.own();
  owner.passLive();
  world.order();
  world.order({ id: 'r2', topicIds: { commands: 'QkJCQkJCQkJCQkJCQkJCQg' } });
  await owner.work(1_500);
  assert.deepEqual(countsOf(world), { expired: 3, delivered: 1 });
  assert.equal(world.viewOf('r2').dispatcher.size, 0);
  assert.ok(world.lines.some((line) => line.includes('created again')));
  await owner.giveUp();
});

test('progress that could not be stored is stored later', async () => {
  const world = createReplayWorld();
  world.topics.append('commands', 'a1', 'b1');
  const owner = world.own();
  owner.passLive();
  world.sending.fault = new Error('the brokers are away');
  world.order();
  await owner.work(1_500);
  assert.equal(world.viewOf().dispatcher.size, 0);
  world.sending.fault = undefined;
  await owner.work(1_500);
  assert.deepEqual([countsOf(world), world.phaseOf()], [{ delivered: 2 }, 'finished']);
  await owner.giveUp();
});

test('a replay with a rate takes no more than its part of it', async () => {
  const world = createReplayWorld();
  const messages = Array.from({ length: 30 }, (_, index) => `${'abcdefgh'.charAt(index % 8)}${index}`);
  world.topics.append('commands', ...messages);
  const owner = world.own();
  owner.passLive();
  world.order({ recordsPerSecond: 10 });
  await owner.work(1_000);
  const after = callsIn(world);
  assert.ok(after >= 5 && after <= 14, `${after} calls in about a second`);
  world.change('r1', { recordsPerSecond: 1_000 });
  await owner.work(1_500);
  assert.equal(readOf(world.viewOf().dispatcher.get(PARTITION)?.counts ?? assert.fail()), 30);
  await owner.giveUp();
});

test('progress is told about once a second while a replay works, and never when nothing is replayed', async () => {
  const world = createReplayWorld();
  const owner = world.own();
  owner.passLive();
  await owner.work(3_000);
  assert.deepEqual(world.written, []);
  const messages = Array.from({ length: 50 }, (_, index) => `${'abcdefgh'.charAt(index % 8)}${index}`);
  world.topics.append('commands', ...messages);
  owner.passLive();
  world.order({ recordsPerSecond: 10 });
  await owner.work(5_000);
  assert.ok(world.written.length >= 4 && world.written.length <= 9, `${world.written.length} records`);
  await owner.giveUp();
});

test('a partition is given up though the brokers do not answer what is told of its replays', async () => {
  const world = createReplayWorld();
  const messages = Array.from({ length: 50 }, (_, index) => `${'abcdefgh'.charAt(index % 8)}${index}`);
  world.topics.append('commands', ...messages);
  const owner = world.own();
  owner.passLive();
  world.order({ recordsPerSecond: 10 });
  await owner.work(1_500);
  const told = world.written.length;
  assert.ok(told > 0);
  world.sending.isHanging = true;
  await owner.work(1_500);
  await owner.giveUp();
  assert.equal(world.written.length, told);
});

test('a replay does not overtake live commands that were not read yet', async () => {
  const world = createReplayWorld();
  const records = world.topics.append('commands', 'a1', 'b1', 'a2');
  const owner = world.own();
  world.order({ request: { source: 'commands', force: true } });
  world.order({ id: 'e1', request: { source: 'events' }, spans: [{ partition: 0, fromOffset: 0n, endOffset: 9n }] });
  world.topics.appendReplayed('e1', ['a2']);
  await owner.work(1_500);
  assert.equal(callsIn(world), 0);
  owner.lanes.enqueue(records, 3n);
  await owner.work(2_500);
  assert.deepEqual([countsOf(world), countsOf(world, 'e1')], [{ delivered: 3 }, { knownToLedger: 1 }]);
  const live = world.ledger.deliveries.slice(0, 3).map(({ offset }) => Number(offset));
  assert.deepEqual(
    live.toSorted((a, b) => a - b),
    [0, 1, 2],
    'live ones first',
  );
  await owner.giveUp();
});

test('a partition on which nothing is replayed tells nothing, given up too: the brokers may be away', async () => {
  const world = createReplayWorld();
  const owner = world.own();
  owner.passLive();
  await owner.work(1_500);
  await owner.giveUp();
  assert.deepEqual(world.written, []);
});
