import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { OutgoingRecord } from '@astrolabe/records';
import { createInMemoryLog, createInMemoryPartitionReader } from '@astrolabe/records/in-memory';
import { createLogger } from '@astrolabe/service-kit';
import { systemClock } from '@astrolabe/service-kit/clock';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { mapperProgressRecord, orderRecord, phaseOf } from '../index.ts';
import { mapperProgress, replayOrder } from '../testing/index.ts';
import { followReplays, type ReplayFollowerOptions } from './replay-follower.ts';
import type { ReplaySnapshot } from '../core/replay-table.ts';

const TOPIC = 'replays';
const { signal } = new AbortController();

function setUp(t: TestContext, options: Partial<ReplayFollowerOptions> = {}) {
  const log = createInMemoryLog({ partitions: 1 });
  let offset = (): bigint => BigInt(log.records(TOPIC).length);
  const reader = createInMemoryPartitionReader(
    {
      records: (topic) => log.records(topic).slice(0, Number(offset())),
      offsets: () => ({ lowWatermark: 0n, lastStableOffset: offset(), highWatermark: offset() }),
    },
    { partitions: 1 },
  );
  const faults: unknown[] = [];
  const follower = followReplays({
    reader,
    tail: reader,
    topic: TOPIC,
    clock: systemClock,
    random: () => 0,
    logger: createLogger({ name: 'test', level: 'silent' }),
    onFault: (error) => faults.push(error),
    ...options,
  });
  t.after(() => follower.close());
  return {
    follower,
    reader,
    faults,
    write: (...records: OutgoingRecord[]) => log.send(TOPIC, records),
    /** As if the topic had been deleted and created again, with less on it. */
    recreate: (records: bigint) => {
      offset = () => records;
    },
  };
}

function until(follower: ReturnType<typeof setUp>['follower'], isReached: (snapshot: ReplaySnapshot) => boolean) {
  return new Promise<ReplaySnapshot>((resolve) => {
    const stop = follower.onChange((snapshot) => {
      if (!isReached(snapshot)) return;
      stop();
      resolve(snapshot);
    });
    if (isReached(follower.current())) resolve(follower.current());
  });
}

test('who takes a partition over knows everything that was committed before', async (t) => {
  const { follower, write } = setUp(t);
  await write(orderRecord(replayOrder()), mapperProgressRecord('r1', 0, mapperProgress(40n, { mapped: 40 })));
  const { replays } = await follower.upToDate(signal);
  assert.equal(replays.get('r1')?.mapper.get(0)?.nextOffset, 40n);
});

test('what is written later is told to those who listen', async (t) => {
  const { follower, write } = setUp(t);
  await write(orderRecord(replayOrder()));
  await until(follower, ({ replays }) => replays.size === 1);
  const finished = until(follower, ({ replays }) => [...replays.values()].some((view) => phaseOf(view) === 'finished'));
  await write(mapperProgressRecord('r1', 0, mapperProgress(100n, { skipped: 100 })));
  assert.equal((await finished).replays.get('r1')?.mapper.get(0)?.counts.skipped, 100);
});

test('an outage is waited out, and a record that cannot be read is skipped', async (t) => {
  const { follower, reader, write, faults } = setUp(t);
  reader.failWith(new PipelineError('kafka.unavailable', 'away', { retryable: true }));
  const knows = follower.upToDate(signal);
  await write(
    { key: Buffer.from('["replay","odd"]'), value: Buffer.from('{'), headers: {} },
    orderRecord(replayOrder()),
  );
  reader.failWith(undefined);
  assert.deepEqual([...(await knows).replays.keys()], ['r1']);
  assert.deepEqual(faults, []);
});

test('a topic that was deleted and created again is read from its start', async (t) => {
  const failed = Promise.withResolvers<number>();
  /** Asked for before the pause after a failure. */
  const random = (): number => {
    failed.resolve(0);
    return 0;
  };
  const { follower, reader, write, recreate } = setUp(t, { random });
  await write(orderRecord(replayOrder({ id: 'new' })), orderRecord(replayOrder({ id: 'gone' })));
  await until(follower, ({ replays }) => replays.size === 2);
  recreate(1n);
  reader.failWith(new PipelineError('kafka.unavailable', 'away', { retryable: true }));
  const alone = until(follower, ({ replays }) => replays.size === 1);
  await failed.promise;
  reader.failWith(undefined);
  assert.deepEqual([...(await alone).replays.keys()], ['new']);
});

test('a defect ends the following and is told', async (t) => {
  const defect = new TypeError('a defect');
  const told = Promise.withResolvers<unknown>();
  const reader = { read: () => Promise.reject(defect), offsets: () => Promise.reject(defect) };
  const { follower } = setUp(t, { reader, tail: reader, onFault: told.resolve });
  assert.equal(await told.promise, defect);
  await assert.rejects(follower.upToDate(signal), defect);
});

test('a follower that is closed keeps nobody waiting', async (t) => {
  const { follower, reader } = setUp(t);
  reader.failWith(new PipelineError('kafka.unavailable', 'away', { retryable: true }));
  const waiting = assert.rejects(follower.upToDate(signal), /not followed any more/);
  await follower.close();
  await waiting;
});
