/** What becomes of reads when the broker goes away: these tests have a broker of their own to stop, kill and freeze. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { BrokerControl } from '@astrolabe/testkit';
import { createKafkaAdmin } from '../admin/admin.ts';
import { createPartitionReader } from './kafkajs-partition-reader.ts';
import { createRecordProducer } from '../producer/kafkajs-producer.ts';
import { topicDefinition } from '../testing/broker.ts';
import { startOwnBroker, type OwnBroker } from '../testing/own-broker.ts';
import { silentLogger } from '../testing/silent-logger.ts';

const RECORDS = 20_000;
const topic = `test-${randomUUID()}`;

let own: OwnBroker;
let broker: BrokerControl;

before(async () => {
  own = await startOwnBroker();
  broker = own.control;
  const admin = await createKafkaAdmin(connectOwn());
  await admin.applyTopics(await admin.planTopics([topicDefinition(topic)], 1));
  await admin.close();
  const producer = await createRecordProducer({ connection: connectOwn(), logger: silentLogger });
  for (let at = 0; at < RECORDS; at += 500) {
    const values = Array.from({ length: 500 }, (_, index) => Buffer.from(String(at + index)));
    await producer.send(
      topic,
      values.map((value) => ({ key: null, value, headers: {} })),
    );
  }
  await producer.close();
});

after(() => own.stop());

const connectOwn = () => own.connect();

for (const [what, interrupt] of [
  ['stopped and started again', () => broker.stop()],
  ['killed and started again', () => broker.kill()],
] as const) {
  test(`a read goes on after its broker was ${what}: every record once, in order`, async () => {
    const reader = createPartitionReader({ connection: connectOwn(), maxFetchBytes: 20_000 });
    const seen: string[] = [];
    let started: Promise<void> | undefined;
    const end = await reader.read({
      topic,
      partition: 0,
      onRecords: async (records) => {
        seen.push(...records.map(({ value }) => String(value)));
        if (started !== undefined || seen.length < RECORDS / 2) return;
        await interrupt();
        started = broker.start();
      },
    });
    await started;
    await reader.close();
    assert.equal(end, BigInt(RECORDS));
    assert.deepEqual(
      seen,
      Array.from({ length: RECORDS }, (_, index) => String(index)),
    );
  });
}

test('a frozen broker ends a read once the reader gives up, a signal at once; thawed, it is read again', async () => {
  const reader = createPartitionReader({ connection: connectOwn(), giveUpAfterMs: 1_000 });
  const onRecords = (): void => undefined;
  await reader.offsets(topic, 0);
  await broker.pause();
  const reason = new Error('the partition is lost');
  const lost = new AbortController();
  const read = reader.read({ topic, partition: 0, signal: lost.signal, onRecords });
  setImmediate(() => lost.abort(reason));
  await assert.rejects(read, reason);
  // The broker is frozen until this has been rejected.
  await assert.rejects(reader.read({ topic, partition: 0, onRecords }), { code: 'kafka.unavailable', retryable: true });
  await broker.resume();
  assert.equal(await reader.read({ topic, partition: 0, onRecords }), BigInt(RECORDS));
  await reader.close();
});

test('without a broker a read is refused once the reader gives up, and a reader closes all the same', async () => {
  const reader = createPartitionReader({ connection: connectOwn(), giveUpAfterMs: 500 });
  await reader.offsets(topic, 0);
  await broker.kill();
  await assert.rejects(reader.read({ topic, partition: 0, onRecords: () => undefined }), { code: 'kafka.unavailable' });
  const waiting = reader.read({ topic, partition: 0, onRecords: () => undefined });
  const told = assert.rejects(waiting, { code: 'kafka.unavailable', message: 'the reader is closed' });
  await reader.close();
  await told;
});
