/**
 * What becomes of producers and consumers when the broker goes away: these tests have a broker of their own to stop,
 * kill and freeze.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKafkaAdmin, createRecordProducer, readTopic } from '@astrolabe/kafka';
import { GroupMembership } from '@astrolabe/kafka/internal';
import { silentLogger, startOwnBroker, topicDefinition, type OwnBroker } from '@astrolabe/kafka/testing';
import type { OutgoingRecord, RecordProducer } from '@astrolabe/records';
import type { PipelineError } from '@astrolabe/service-kit/errors';
import type { BrokerControl } from '@astrolabe/testkit';
import { createConsumer } from './create-consumer.ts';
import { startGroupConsumer } from './group-consumer.ts';
import { createPromisedProcessor } from '../testing/promised-handler.ts';

let own: OwnBroker;
let broker: BrokerControl;

before(async () => {
  own = await startOwnBroker();
  broker = own.control;
});

after(() => own.stop());

const connectOwn = () => own.connect();

async function createTopic(partitions = 1): Promise<string> {
  const name = `test-${randomUUID()}`;
  const admin = await createKafkaAdmin(connectOwn());
  await admin.applyTopics(await admin.planTopics([topicDefinition(name, { partitions })], 1));
  await admin.close();
  return name;
}

/** Values of a topic in the order of their offsets. */
async function readValues(topic: string): Promise<string[]> {
  const values: [bigint, string][] = [];
  await readTopic({ connection: connectOwn(), topic }, ({ offset, value }) => values.push([offset, String(value)]));
  return values.sort(([a], [b]) => Number(a - b)).map(([, value]) => value);
}

function record(value: string): OutgoingRecord {
  return { key: null, value: Buffer.from(value), headers: {} };
}

/** Callers that each send one record after the other until told to stop; what they were told of each. */
function startCallers(producer: RecordProducer, topic: string, count: number) {
  const acknowledged: string[] = [];
  const rejected: string[] = [];
  const faults = new Set<string>();
  let stopped = false;
  const running = Promise.all(
    Array.from({ length: count }, async (_, caller) => {
      for (let number = 0; !stopped; number += 1) {
        const value = `${caller}.${number}`;
        try {
          await producer.send(topic, [record(value)]);
          acknowledged.push(value);
        } catch (error) {
          rejected.push(value);
          faults.add(`${(error as PipelineError).code} ${(error as PipelineError).retryable}`);
        }
        await sleep(5);
      }
    }),
  );
  const stop = async () => {
    stopped = true;
    await running;
  };
  const untilMore = async (count: number) => {
    const enough = acknowledged.length + count;
    while (acknowledged.length < enough) await sleep(10);
  };
  return { acknowledged, rejected, faults, stop, untilMore };
}

/** Everything acknowledged is there, once, and each caller's in the order of its calls. */
async function checkStored(topic: string, acknowledged: readonly string[]): Promise<void> {
  const stored = await readValues(topic);
  const counts = new Map<string, number>();
  for (const value of stored) counts.set(value, (counts.get(value) ?? 0) + 1);
  assert.deepEqual(
    acknowledged.filter((value) => counts.get(value) !== 1),
    [],
    'acknowledged, and not stored exactly once',
  );
  const last = new Map<string, number>();
  for (const value of stored) {
    const [caller = '', number = ''] = value.split('.');
    assert.ok(Number(number) > (last.get(caller) ?? -1), `${value} is out of order`);
    last.set(caller, Number(number));
  }
}

function createPatientProducer(): Promise<RecordProducer> {
  return createRecordProducer({ connection: connectOwn(), logger: silentLogger, deliveryTimeoutMs: 60_000 });
}

test('a producer goes on after a broker that was restarted: every send is acknowledged and stored once', async (t) => {
  const topic = await createTopic();
  const producer = await createPatientProducer();
  const callers = startCallers(producer, topic, 16);
  while (callers.acknowledged.length < 200) await sleep(10);
  await broker.stop();
  await broker.start();
  await callers.untilMore(200);
  await callers.stop();
  await producer.close();
  assert.deepEqual([callers.rejected.length, [...callers.faults]], [0, []]);
  await checkStored(topic, callers.acknowledged);
  t.diagnostic(`${callers.acknowledged.length} acknowledged`);
});

const RECORDS = 2_000;

/** A consumer on a topic of `RECORDS` records, whose work stands still after the first hundred until it is released. */
async function startWork(topic: string) {
  const groupId = randomUUID();
  const faults: PipelineError[] = [];
  const seen = new Map<string, number>();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const consumer = await startGroupConsumer({
    connection: connectOwn(),
    groupId,
    topic,
    logger: silentLogger,
    onFault: (fault) => faults.push(fault),
    commitIntervalMs: 20,
    sessionTimeoutMs: 6_000,
    createProcessor: (session) =>
      createPromisedProcessor({
        session,
        laneOf: ({ offset }) => String(offset % 4n),
        handle: async ({ value }) => {
          if (seen.size >= 100) await released;
          seen.set(String(value), (seen.get(String(value)) ?? 0) + 1);
        },
        maxRecords: 50,
        maxBytes: 1_000_000,
      }),
  });
  return { groupId, faults, seen, release, consumer };
}

test('a broker that was killed', async (t) => {
  const [produced, consumed] = [await createTopic(), await createTopic(2)];
  const producer = await createPatientProducer();
  const values = Array.from({ length: RECORDS }, (_, index) => String(index));
  await producer.send(consumed, values.map(record));
  const work = await startWork(consumed);
  const callers = startCallers(producer, produced, 16);
  while (callers.acknowledged.length < 200 || work.seen.size < 100) await sleep(10);
  await broker.kill();
  // Now kafkajs has given up and not yet started over, and takes no call: the worst moment for work to end and its
  // partition to resume.
  while (work.consumer.isRunning()) await sleep(10);
  work.release();
  await broker.start();

  await t.test('costs a producer nothing: every send is acknowledged and stored once', async (t) => {
    await callers.untilMore(200);
    await callers.stop();
    await producer.close();
    assert.deepEqual([callers.rejected.length, [...callers.faults]], [0, []]);
    await checkStored(produced, callers.acknowledged);
    t.diagnostic(`${callers.acknowledged.length} acknowledged`);
  });

  await t.test('costs a consumer repetitions: it rejoins by itself, nothing is lost, nothing is a fault', async (t) => {
    const admin = await createKafkaAdmin(connectOwn());
    const committed = async () =>
      [...(await admin.commits(work.groupId, consumed)).values()].reduce((sum, { nextOffset }) => sum + nextOffset, 0n);
    const deadlineAtMs = Date.now() + 120_000;
    while ((await committed()) < BigInt(RECORDS) && Date.now() < deadlineAtMs) await sleep(100);
    assert.deepEqual(work.faults, []);
    assert.equal(await committed(), BigInt(RECORDS));
    assert.equal(work.seen.size, RECORDS);
    assert.equal(work.consumer.isRunning(), true);
    await admin.close();
    await work.consumer.close(1_000);
    t.diagnostic(`${[...work.seen.values()].reduce((a, b) => a + b, 0) - RECORDS} records repeated`);
  });
});

test('while a broker is frozen sends are rejected in time, and what is acknowledged after that is stored once and in order', async (t) => {
  const topic = await createTopic();
  const producer = await createRecordProducer({
    connection: connectOwn(),
    logger: silentLogger,
    deliveryTimeoutMs: 1_000,
  });
  const callers = startCallers(producer, topic, 16);
  while (callers.acknowledged.length < 200) await sleep(10);
  await broker.pause();
  // Each caller hears of it, and hears of it again.
  while (callers.rejected.length < 32) await sleep(10);
  await broker.resume();
  await callers.untilMore(200);
  await callers.stop();
  await producer.close();
  assert.deepEqual([...callers.faults], ['kafka.unavailable true']);
  await checkStored(topic, callers.acknowledged);
  t.diagnostic(`${callers.acknowledged.length} acknowledged, ${callers.rejected.length} rejected`);
});

test('a producer whose broker is away closes in the time of a delivery', async () => {
  const topic = await createTopic();
  const producer = await createRecordProducer({
    connection: connectOwn(),
    logger: silentLogger,
    deliveryTimeoutMs: 1_000,
  });
  await broker.pause();
  const send = producer.send(topic, [record('a')]);
  send.catch(() => undefined);
  // The broker is frozen until it has closed.
  await producer.close();
  await assert.rejects(send, { code: 'kafka.unavailable' });
  await broker.resume();
});

test('a consumer that is closed while it crashes does not start over', async () => {
  const topic = await createTopic();
  const membership = new GroupMembership({});
  const consumer = createConsumer({ connection: connectOwn(), groupId: randomUUID() }, membership);
  const joined = Promise.withResolvers<void>();
  const crashed = Promise.withResolvers<boolean>();
  consumer.on(consumer.events.GROUP_JOIN, () => joined.resolve());
  consumer.on(consumer.events.CRASH, ({ payload }) => crashed.resolve(payload.restart));
  // The crash stops the consumer before it decides whether to start it again.
  consumer.on(consumer.events.STOP, () => membership.end());
  await consumer.connect();
  await consumer.subscribe({ topic });
  await consumer.run({ eachBatch: async () => undefined });
  await joined.promise;
  await broker.kill();
  assert.equal(await crashed.promise, false);
  await broker.start();
});

test('a consumer whose broker is away closes soon after its deadline', async () => {
  const topic = await createTopic();
  const consumer = await startGroupConsumer({
    connection: connectOwn(),
    groupId: randomUUID(),
    topic,
    logger: silentLogger,
    onFault: () => undefined,
    createProcessor: (session) =>
      createPromisedProcessor({
        session,
        laneOf: () => '',
        handle: () => Promise.resolve(),
        maxRecords: 1,
        maxBytes: 1,
      }),
  });
  await broker.kill();
  // Nobody starts the broker again.
  await consumer.close(1_000);
});
