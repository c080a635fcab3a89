import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRecordProducer } from '@astrolabe/kafka';
import {
  connect,
  createTopic,
  deleteRecordsBelow,
  loadPatched,
  silentLogger,
  writeTransactions,
} from '@astrolabe/kafka/testing';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { createGroup, done, lanes, numbers, produce, type Handle } from '../testing/test-group.ts';
import { startGroupConsumer } from './group-consumer.ts';

type ErrorClass = new (message: string) => Error;
/** As the protocol numbers it. */
const NOT_COORDINATOR = 16;

interface Cluster {
  findGroupCoordinator(...args: unknown[]): Promise<unknown>;
}

test('a new group reads from the first record, and after a clean close the next member goes on behind the last', async (t) => {
  const topic = await createTopic(t);
  const group = await createGroup(t, topic);
  await produce(topic, numbers(10));
  const seen: string[] = [];
  const see: Handle = async ({ value }) => void seen.push(String(value));
  const first = await group.join(see);
  assert.deepEqual([first.assignment(), first.isRunning()], [[0], true]);
  await group.untilCommitted(10n);
  await first.close(1_000);
  assert.equal(first.isRunning(), false);
  await produce(topic, ['next']);
  const second = await group.join(see);
  await group.untilCommitted(11n);
  await second.close(1_000);
  assert.deepEqual(seen, [...numbers(10), 'next']);
});

test('a clean close lets work in flight finish and commits all of it', async (t) => {
  const topic = await createTopic(t);
  const group = await createGroup(t, topic);
  await produce(topic, numbers(50));
  const begun = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const consumer = await group.join(
    () => {
      begun.resolve();
      return finish.promise;
    },
    { commitIntervalMs: 60_000 },
  );
  await begun.promise;
  const closed = consumer.close(5_000);
  finish.resolve();
  await closed;
  assert.equal(await group.committed(), 50n);
});

test('a close past its deadline abandons what is in flight, and commits what finished before it', async (t) => {
  const topic = await createTopic(t);
  const group = await createGroup(t, topic);
  await produce(topic, numbers(5));
  const begun = Promise.withResolvers<void>();
  const abandoned = Promise.withResolvers<void>();
  const consumer = await group.join(async ({ value }, signal) => {
    if (String(value) !== '3') return;
    signal.addEventListener('abort', () => abandoned.resolve());
    begun.resolve();
    await abandoned.promise;
    throw signal.reason;
  });
  await begun.promise;
  await consumer.close(50);
  await abandoned.promise;
  assert.equal(await group.committed(), 3n);
  assert.deepEqual(group.faults, []);
});

test('a slow partition does not stall the others', async (t) => {
  const topic = await createTopic(t, { partitions: 2 });
  const group = await createGroup(t, topic);
  const stuck = Promise.withResolvers<void>();
  const handled = new Map(numbers(20).map((value) => [value, Promise.withResolvers<void>()]));
  await produce(topic, numbers(20), 0);
  await group.join(async ({ partition, value }) => {
    if (partition === 0) await stuck.promise;
    else handled.get(String(value))?.resolve();
  });
  const producer = await createRecordProducer({ connection: connect(), logger: silentLogger });
  for (const [value, { promise }] of handled) {
    await producer.send(topic, [{ key: null, value: Buffer.from(value), headers: {}, partition: 1 }]);
    // Each by itself: the next one is not there to push it on.
    await promise;
  }
  await producer.close();
  await group.untilCommitted(20n, 1);
  assert.equal(await group.committed(0), undefined);
  stuck.resolve();
  await group.untilCommitted(20n, 0);
});

test('a fault in the handling of a record stops the consumer, with the partition committed up to the record', async (t) => {
  const topic = await createTopic(t);
  const group = await createGroup(t, topic);
  await produce(topic, numbers(5));
  const cause = new TypeError('fetch failed');
  const consumer = await group.join(async ({ value }) => {
    if (String(value) === '3') throw cause;
  });
  const fault = await group.faulted;
  assert.deepEqual([fault.code, fault.retryable, fault.cause], ['kafka.consumer-crashed', false, cause]);
  assert.equal(consumer.isRunning(), false);
  // What stands behind the fault is not waited for: this test would not live to see the end of this time.
  await consumer.close(3_600_000);
  assert.equal(await group.committed(), 3n);
  assert.equal(group.faults.length, 1);
});

test('a fault of ours keeps its code', async (t) => {
  const topic = await createTopic(t);
  const group = await createGroup(t, topic);
  await produce(topic, ['a']);
  const ours = new PipelineError('kafka.request-refused', 'not authorized', { retryable: false });
  await group.join(() => Promise.reject(ours));
  assert.equal(await group.faulted, ours);
});

test('a committed offset that is no longer on the topic stops the consumer: nothing is skipped, nothing committed', async (t) => {
  const topic = await createTopic(t);
  const group = await createGroup(t, topic);
  await produce(topic, numbers(10));
  await group.admin.setOffsets(group.groupId, topic, new Map([[0, 2n]]));
  await deleteRecordsBelow(topic, 5n);
  const seen: string[] = [];
  const consumer = await group.join(async ({ value }) => void seen.push(String(value)));
  const fault = await group.faulted;
  assert.deepEqual([fault.code, fault.retryable], ['kafka.offset-out-of-range', false]);
  assert.match(fault.message, new RegExp(`${topic}\\[0\\]`));
  await consumer.close(1_000);
  assert.deepEqual(seen, []);
  assert.equal(await group.committed(), 2n);
});

test('the commit goes past transaction markers and aborted records, so that no lag is left', async (t) => {
  const topic = await createTopic(t);
  const group = await createGroup(t, topic);
  const seen: string[] = [];
  await writeTransactions(topic, [
    { values: ['a', 'b'] },
    { values: ['aborted'], aborted: true },
    { values: ['c'] },
    { values: ['aborted too', 'and this'], aborted: true },
  ]);
  await group.join(async ({ value }) => void seen.push(String(value)));
  const [watermarks] = await group.admin.watermarks(topic);
  assert.equal(watermarks?.highWatermark, 10n);
  await group.untilCommitted(10n);
  assert.deepEqual(seen, ['a', 'b', 'c']);
  // Nothing but an aborted transaction: the batch never reaches kafkajs's eachBatch.
  await writeTransactions(topic, [{ values: ['nothing'], aborted: true }]);
  await group.untilCommitted(12n);
});

test('a partition that is paused for longer than the session time-out stays a member, and goes on where it was', async (t) => {
  const topic = await createTopic(t);
  const group = await createGroup(t, topic);
  const sessionTimeoutMs = 6_000;
  await produce(topic, numbers(30));
  const release = Promise.withResolvers<void>();
  let sessions = 0;
  const seen: string[] = [];
  const handle: Handle = async ({ value }) => {
    await release.promise;
    seen.push(String(value));
  };
  const consumer = await group.join(handle, {
    sessionTimeoutMs,
    createProcessor: (session) => {
      sessions += 1;
      return lanes(handle, 5)(session);
    },
  });
  await sleep(sessionTimeoutMs + 2_000);
  await produce(topic, ['late']);
  assert.deepEqual([consumer.isRunning(), sessions], [true, 1]);
  release.resolve();
  await group.untilCommitted(31n);
  assert.equal(sessions, 1, 'the group never moved on without it');
  assert.equal(new Set(seen).size, 31);
  assert.equal(seen.length, 31);
});

test('a consumer that closes while the group rebalances commits what it finished, and its partitions go to the others', async (t) => {
  const topic = await createTopic(t, { partitions: 4 });
  const group = await createGroup(t, topic);
  await produce(topic, numbers(400));
  const handled = new Map<string, number>();
  const handle: Handle = async ({ value }, signal) => {
    await sleep(5, undefined, { signal });
    handled.set(String(value), (handled.get(String(value)) ?? 0) + 1);
  };
  const options = { sessionTimeoutMs: 6_000 };
  const first = await group.join(handle, { ...options, commitIntervalMs: 60_000 });
  while (handled.size < 100) await sleep(5);
  const joining = group.join(handle, options);
  await first.close(8_000);
  const second = await joining;
  const highWatermarks = await group.admin.watermarks(topic);
  for (const { partition, highWatermark } of highWatermarks) {
    if (highWatermark > 0n) await group.untilCommitted(highWatermark, partition);
  }
  await second.close(1_000);
  assert.equal(handled.size, 400);
  assert.deepEqual(group.faults, []);
  // Its one commit is that of the close: had it been refused by the rebalance, all would have been repeated.
  const repeated = [...handled.values()].filter((times) => times > 1).length;
  assert.ok(repeated < 200, `${repeated} records were repeated`);
});

test('a consumer that finds no coordinator of its group comes back by itself, where kafkajs would stay away', async (t) => {
  const topic = await createTopic(t, { partitions: 2 });
  const group = await createGroup(t, topic);
  const options = { sessionTimeoutMs: 6_000 };
  const first = await group.join(done, options);
  const { KafkaJSGroupCoordinatorNotFound: NotFound } = loadPatched<Record<string, ErrorClass>>('errors');
  const { createErrorFromCode } = loadPatched<{ createErrorFromCode(code: number): Error }>('protocol/error');
  const { prototype: cluster } = loadPatched<{ prototype: Cluster }>('cluster');
  const { prototype: broker } = loadPatched<{ prototype: { heartbeat(): Promise<unknown> } }>('broker');
  assert.ok(NotFound);
  const notFound = new NotFound('no coordinator');
  const heartbeat = t.mock.method(broker, 'heartbeat', async () => {
    throw createErrorFromCode(NOT_COORDINATOR);
  });
  const lookUp = t.mock.method(cluster, 'findGroupCoordinator', async () => {
    throw notFound;
  });
  while (first.isRunning()) await sleep(20);
  heartbeat.mock.restore();
  lookUp.mock.restore();
  while (!first.isRunning()) await sleep(20);
  await produce(topic, numbers(10), 0);
  await group.untilCommitted(10n, 0);
  assert.deepEqual(group.faults, []);
});

test('a topic that is not there, and brokers that are not there, refuse to start a consumer', async () => {
  const options = {
    groupId: randomUUID(),
    topic: `missing-${randomUUID()}`,
    logger: silentLogger,
    onFault: () => undefined,
    createProcessor: lanes(done),
  };
  await Promise.all([
    assert.rejects(startGroupConsumer({ ...options, connection: connect() }), {
      code: 'kafka.topic-missing',
      retryable: true,
    }),
    assert.rejects(startGroupConsumer({ ...options, connection: connect(['127.0.0.1:1']) }), {
      code: 'kafka.unavailable',
      retryable: true,
    }),
  ]);
});
