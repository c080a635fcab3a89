import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  MAX_UNENDED_COMMANDS,
  mapperProgressRecord,
  noDispatcherCounts,
  noMapperCounts,
  readOf,
  removalRecord,
  replayedCommandsRecord,
  type MapperProgress,
} from '@astrolabe/replay';
import { mapperProgress } from '@astrolabe/replay/testing';
import { headerNames } from '@astrolabe/records';
import { present } from '@astrolabe/service-kit/errors';
import { createManualClock } from '@astrolabe/service-kit/clock';
import { SKIPPED } from '../testing/counting.ts';
import { ReplayTask, turns } from '../testing/replay-task.ts';

const offsetsOf = (lines: readonly string[], id: string): readonly number[] =>
  lines.filter((line) => line.startsWith(`${id} `)).map((line) => Number(line.slice(id.length + 1)));

function published(task: ReplayTask): MapperProgress {
  return present(task.published(), 'the progress');
}

const upTo = (end: number): readonly number[] => Array.from({ length: end }, (_, offset) => offset);

test('each record of the range is replayed once, in order, and position and progress tell what came of it', async () => {
  const task = new ReplayTask();
  await task.append(9);
  await task.append(2, SKIPPED);
  const member = task.joinAndFetch();
  await task.order();
  await task.append(5);
  member.fetch();
  await turns();
  assert.deepEqual(offsetsOf(task.done, 'r1'), upTo(11));
  assert.deepEqual(offsetsOf(task.stored, 'r1'), upTo(11));
  assert.equal(task.outputs().length, 9);
  const progress = task.published();
  assert.equal(progress?.nextOffset, 11n);
  assert.deepEqual(progress.counts, { ...noMapperCounts, mapped: 9, skipped: 2 });
  assert.equal(progress.commands, 9);
  assert.equal(task.position(), undefined, 'what is over and told needs no position');
  assert.equal(member.offsetsLeft(), 0);
  await member.leave();
});

test('what is replayed bears the marks of its replay, and only what the filter lets through is replayed', async () => {
  const task = new ReplayTask();
  await task.append(6);
  const member = task.joinAndFetch();
  await task.order({ id: 'odd ones', request: { source: 'events', connector: ['odd'], force: true } });
  await turns();
  const marks = task
    .outputs()
    .map(({ headers }) =>
      [headerNames.replayId, headerNames.replayFrom, headerNames.replayForce].map((name) => String(headers[name])),
    );
  assert.deepEqual(
    marks,
    [1, 3, 5].map((offset) => ['odd ones', `t:0:${offset}`, '1']),
  );
  assert.deepEqual(task.published('odd ones')?.counts, { ...noMapperCounts, mapped: 3, filteredOut: 3 });
  await member.leave();
});

test('two replays of a partition take turns', async () => {
  const task = new ReplayTask();
  await task.append(12);
  const member = task.joinAndFetch();
  await turns();
  await task.order({ id: 'a' });
  await task.order({ id: 'b' });
  await turns();
  const order = task.done.filter((line) => !line.startsWith('live')).map((line) => line[0]);
  assert.deepEqual([offsetsOf(task.done, 'a'), offsetsOf(task.done, 'b')], [upTo(12), upTo(12)]);
  const together = order.slice(order.indexOf('b'), order.lastIndexOf('a') + 1).join('');
  assert.doesNotMatch(together, /aaaaa|bbbbb/, 'no more than two steps of two records each before the other has one');
  await member.leave();
});

test('nothing is replayed before it was handled as a live record, nor while a live record waits', async () => {
  const task = new ReplayTask({ chunkRecords: 4 });
  await task.append(20);
  const member = task.join();
  await task.order();
  await turns();
  assert.deepEqual(task.done, []);
  member.fetch();
  await turns(20);
  const held = task.changelog.hold();
  await turns();
  const before = task.done.length;
  await task.append(3);
  member.fetch();
  await turns();
  // The chunk that was open or on its way is all that live records have before them.
  assert.deepEqual(task.done.slice(before), ['live 20', 'live 21', 'live 22']);
  held.release();
  await turns();
  assert.deepEqual(offsetsOf(task.done, 'r1'), upTo(20));
  await member.leave();
});

test('nothing is replayed while a live record waits behind a write that is on its way', async () => {
  const task = new ReplayTask();
  await task.append(20);
  const member = task.joinAndFetch();
  await turns();
  const held = task.changelog.hold();
  for (let each = 0; each < 2; each += 1) {
    await task.append(1);
    member.fetch();
    await turns();
  }
  await task.order();
  await turns();
  assert.deepEqual(offsetsOf(task.done, 'live').at(-1), 20, 'the last one waits');
  assert.deepEqual([offsetsOf(task.done, 'r1'), member.session.faults], [[], []]);
  held.release();
  await turns();
  assert.deepEqual(offsetsOf(task.done, 'r1'), upTo(22));
  await member.leave();
});

test('a live record waits for no more than one chunk of replayed ones', async () => {
  const chunkRecords = 6;
  const task = new ReplayTask({ chunkRecords });
  await task.append(200);
  const member = task.joinAndFetch();
  await task.order();
  await turns(20);
  let ahead = 0;
  for (let offset = 200; task.published()?.nextOffset !== 200n; offset += 1) {
    await task.append(1);
    const storedBefore = task.stored.length;
    member.fetch();
    while (!task.stored.includes(`live ${offset}`)) await turns(1);
    ahead = Math.max(ahead, task.stored.indexOf(`live ${offset}`) - storedBefore);
    await turns(3);
  }
  assert.ok(ahead > 0 && ahead <= chunkRecords, `${ahead} records were stored before a live one`);
  assert.deepEqual(offsetsOf(task.done, 'r1'), upTo(200));
  await member.leave();
});

test('a paused replay stops with the chunk that is open and tells so, and goes on where it was when it is resumed', async () => {
  const task = new ReplayTask();
  await task.append(40);
  const member = task.joinAndFetch();
  const order = await task.order();
  await turns(10);
  await task.order({ ...order, wanted: 'pause', changedAtMs: order.changedAtMs + 1 });
  await turns();
  const replayed = offsetsOf(task.done, 'r1');
  const paused = task.published();
  assert.ok(replayed.length > 0 && replayed.length < 40, `${replayed.length} of 40`);
  assert.deepEqual([paused?.obeysMs, paused?.nextOffset], [order.changedAtMs + 1, BigInt(replayed.length)]);
  assert.equal(member.offsetsLeft(), 40 - replayed.length);
  await task.order({ ...order, wanted: 'run', changedAtMs: order.changedAtMs + 2 });
  await turns();
  assert.deepEqual(offsetsOf(task.done, 'r1'), upTo(40));
  await member.leave();
});

test('a cancelled replay stops, tells so, and needs no position', async () => {
  const task = new ReplayTask();
  await task.append(40);
  const member = task.joinAndFetch();
  const order = await task.order();
  await turns(10);
  await task.order({ ...order, wanted: 'cancel', changedAtMs: order.changedAtMs + 1 });
  await turns();
  const replayed = offsetsOf(task.done, 'r1').length;
  assert.ok(replayed < 40);
  const { obeysMs, nextOffset } = published(task);
  assert.deepEqual([obeysMs, nextOffset], [order.changedAtMs + 1, BigInt(replayed)]);
  assert.equal(task.position(), undefined);
  await member.leave();
  const next = task.joinAndFetch();
  next.follower.read();
  await turns();
  assert.equal(offsetsOf(task.done, 'r1').length, replayed);
  await next.leave();
});

test('a new owner goes on where the last transaction was stored, and does not begin again what was ended', async () => {
  const task = new ReplayTask();
  await task.append(30);
  const first = task.joinAndFetch();
  await task.order();
  await turns(12);
  await first.leave();
  const stored = Number(task.position()?.nextOffset ?? 0n);
  assert.ok(stored > 0 && stored < 30);
  const second = task.joinAndFetch();
  second.follower.read();
  await turns();
  assert.deepEqual(offsetsOf(task.stored, 'r1'), upTo(30));
  await second.leave();
  assert.equal(task.position(), undefined);
  const third = task.joinAndFetch();
  // It knows the order, and has not read of its end.
  third.follower.read(1);
  await turns();
  assert.equal(task.outputs().length, 30);
  await third.leave();
});

test('what retention has removed before the cursor came to it is counted as expired', async () => {
  const task = new ReplayTask();
  await task.append(30);
  const member = task.joinAndFetch();
  await turns();
  task.expireBelow(17n);
  await task.order();
  await turns();
  assert.deepEqual(offsetsOf(task.done, 'r1'), upTo(30).slice(17));
  const { counts } = published(task);
  assert.deepEqual(counts, { ...noMapperCounts, mapped: 13, expired: 17 });
  assert.equal(readOf(counts), 30);
  await member.leave();
});

test('records of a batch that cannot be decoded are counted once, also where a page or a chunk ends beside them', async () => {
  const task = new ReplayTask({
    reader: (reader) => ({
      ...reader,
      read: async (range) => {
        const { fromOffset = 0n, onUnreadable, onRecords, topic, partition } = range;
        if (fromOffset >= 7n) return reader.read(range);
        const [end, next] = fromOffset < 4n ? [4n, 4n] : [9n, 9n];
        if (fromOffset >= 4n) onUnreadable?.({ topic, partition, fromOffset: 4n, nextOffset: 7n, reason: 'corrupt' });
        const readable = task.input().filter(({ offset }) => (offset < 4n || offset >= 7n) && offset < end);
        await onRecords(
          readable.filter(({ offset }) => offset >= fromOffset),
          next,
        );
        return next;
      },
    }),
  });
  await task.append(12);
  const member = task.joinAndFetch();
  await turns();
  await task.order();
  await turns();
  const { counts } = published(task);
  assert.deepEqual(offsetsOf(task.done, 'r1'), [0, 1, 2, 3, 7, 8, 9, 10, 11]);
  assert.deepEqual(counts, { ...noMapperCounts, mapped: 9, unreadable: 3 });
  await member.leave();
});

test('a replay keeps to its rate, and another one beside it does not wait for it', async () => {
  const clock = createManualClock();
  const task = new ReplayTask({ clock });
  await task.append(20);
  const member = task.joinAndFetch();
  await turns();
  await task.order({ id: 'slow', recordsPerSecond: 2 });
  await task.order({ id: 'fast' });
  await turns();
  assert.equal(offsetsOf(task.done, 'slow').length, 1);
  assert.equal(offsetsOf(task.done, 'fast').length, 20);
  for (let passed = 0; passed < 40; passed += 1) {
    await clock.advance(100);
    await turns(20);
  }
  assert.deepEqual(offsetsOf(task.done, 'slow'), upTo(9));
  await member.leave();
});

test('no more commands are made than may be unended, and it goes on when some have ended', async () => {
  const task = new ReplayTask();
  await task.append(20);
  const member = task.joinAndFetch();
  await turns();
  const spans = [0, 1].map((partition) => ({ partition, fromOffset: 0n, endOffset: 20n }));
  // The owner of another partition has made nearly all.
  await task.write(mapperProgressRecord('r1', 1, mapperProgress(20n, {}, { commands: MAX_UNENDED_COMMANDS - 5 })));
  await task.order({ spans });
  await turns();
  assert.deepEqual(offsetsOf(task.done, 'r1'), upTo(5));
  const counts = { ...noDispatcherCounts, delivered: 4, duplicate: 3 };
  const replays = { r1: { gaveWayMs: 0, counts } };
  await task.write(replayedCommandsRecord(0, { nextOffset: 7n, atMs: 1, replays }));
  await turns();
  assert.deepEqual(offsetsOf(task.done, 'r1'), upTo(12));
  await member.leave();
});

test('without a replay nothing is asked of the brokers, and nobody waits for a clock', async () => {
  const asked: string[] = [];
  const clock = createManualClock();
  const task = new ReplayTask({
    clock,
    reader: (reader) => ({
      read: (range) => {
        asked.push('read');
        return reader.read(range);
      },
      offsets: (topic, partition) => {
        asked.push('offsets');
        return reader.offsets(topic, partition);
      },
    }),
  });
  const member = task.join();
  // Of another topic, of commands, and of other partitions: nothing of it is to be done here.
  await task.order({ id: 'commands', request: { source: 'commands' } });
  await task.order({ id: 'elsewhere', spans: [{ partition: 3, fromOffset: 0n, endOffset: 9n }] });
  await task.append(20);
  member.fetch();
  await turns();
  assert.deepEqual([asked, clock.remainingSleepsMs(), task.outputs()], [[], [], []]);
  assert.deepEqual(
    task.records('replays').map(({ key }) => String(key)),
    ['["replay","commands"]', '["replay","elsewhere"]'],
  );
  await member.leave();
});

test('the position of a replay goes with its order', async () => {
  const task = new ReplayTask();
  await task.append(20);
  const member = task.joinAndFetch();
  await turns();
  const order = await task.order({ wanted: 'pause' });
  await turns();
  assert.equal(task.position()?.nextOffset, 0n);
  await task.write(removalRecord({ kind: 'order', id: order.id }));
  await turns();
  assert.equal(task.position(), undefined);
  assert.equal(member.offsetsLeft(), 0);
  await member.leave();
});

test('what a transform throws on a replayed record stops the partition, and nothing of its chunk is stored', async () => {
  const fault = new TypeError('defect');
  const task = new ReplayTask({
    transform: () => {
      throw fault;
    },
  });
  await task.append(4);
  const member = task.joinAndFetch();
  await turns();
  await task.order();
  await turns();
  assert.deepEqual(member.session.faults, [fault]);
  assert.equal(task.position()?.nextOffset ?? 0n, 0n);
  await member.leave();
});
