import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { ConsumedRecord } from '@astrolabe/records';
import { createRecordProducer } from '../producer/kafkajs-producer.ts';
import { clientOf } from '../connection.ts';
import { readTopic } from './read-topic.ts';
import { connect, createTopic, deleteRecordsBelow, openTransaction, writeTransactions } from '../testing/broker.ts';
import { silentLogger } from '../testing/silent-logger.ts';

async function produce(topic: string, count: number, partition: number): Promise<void> {
  const producer = await createRecordProducer({ connection: connect(), logger: silentLogger });
  await producer.send(
    topic,
    Array.from({ length: count }, (_, index) => ({
      key: null,
      value: Buffer.from(String(index)),
      headers: {},
      partition,
    })),
  );
  await producer.close();
}

async function read(topic: string, fromOffsets?: ReadonlyMap<number, bigint>) {
  const records: ConsumedRecord[] = [];
  const options = { connection: connect(), topic, ...(fromOffsets === undefined ? {} : { fromOffsets }) };
  const count = await readTopic(options, (record) => records.push(record));
  assert.equal(count, records.length);
  const offsetsOf = (partition: number) =>
    records.filter((record) => record.partition === partition).map(({ offset }) => offset);
  return { records, offsetsOf };
}

const range = (from: number, to: number): bigint[] =>
  Array.from({ length: to - from }, (_, index) => BigInt(from + index));

test('every record from the given offsets to the end is handed out once, in order within its partition', async (t) => {
  const topic = await createTopic(t, { partitions: 3 });
  await produce(topic, 500, 0);
  await produce(topic, 20, 1);
  const whole = await read(topic);
  assert.deepEqual(whole.offsetsOf(0), range(0, 500));
  assert.deepEqual(whole.offsetsOf(1), range(0, 20));
  const part = await read(
    topic,
    new Map([
      [0, 490n],
      [1, 20n],
    ]),
  );
  assert.deepEqual(part.offsetsOf(0), range(490, 500));
  assert.deepEqual(part.offsetsOf(1), []);
  assert.deepEqual(
    (
      await read(
        topic,
        new Map([
          [0, 10_000n],
          [1, 18n],
        ]),
      )
    ).records.length,
    2,
  );
});

test('an empty topic, and offsets at the end, are read at once', async (t) => {
  const topic = await createTopic(t, { partitions: 2 });
  assert.deepEqual((await read(topic)).records, []);
  await produce(topic, 3, 0);
  assert.deepEqual((await read(topic, new Map([[0, 3n]]))).records, []);
});

test('what is below the low watermark is gone: reading begins at what is there', async (t) => {
  const topic = await createTopic(t);
  await produce(topic, 10, 0);
  await deleteRecordsBelow(topic, 4n);
  assert.deepEqual((await read(topic, new Map([[0, 1n]]))).offsetsOf(0), range(4, 10));
});

test('a topic that was written in transactions is read to its end, without markers and aborted records', async (t) => {
  const topic = await createTopic(t);
  await writeTransactions(topic, [
    { values: ['a', 'b'] },
    { values: ['aborted'], aborted: true },
    { values: ['c'] },
    { values: ['aborted', 'at the end'], aborted: true },
  ]);
  const valuesOf = async (from: bigint) =>
    (await read(topic, new Map([[0, from]]))).records.map(({ value }) => String(value));
  assert.deepEqual(await valuesOf(0n), ['a', 'b', 'c']);
  assert.deepEqual(await valuesOf(2n), ['c'], 'from a marker on');
  assert.deepEqual(await valuesOf(7n), [], 'nothing but aborted records and markers is left');
});

test('a transaction that is open when the reading begins is waited for, with what was stored behind it', async (t) => {
  const topic = await createTopic(t);
  await writeTransactions(topic, [{ values: ['a'] }]);
  const { commit } = await openTransaction(t, topic, ['b', 'c']);
  await produce(topic, 1, 0);
  const seen: string[] = [];
  const first = Promise.withResolvers<void>();
  const reading = readTopic({ connection: connect(), topic }, ({ value }) => {
    seen.push(String(value));
    first.resolve();
  });
  // Its watermarks have been asked for when the first record is handed out.
  await first.promise;
  await commit();
  await reading;
  assert.deepEqual(seen, ['a', 'b', 'c', '0']);
});

test('records that arrive while the topic is read are not waited for', async (t) => {
  const topic = await createTopic(t);
  await produce(topic, 10, 0);
  let late: Promise<void> | undefined;
  const seen: bigint[] = [];
  await readTopic({ connection: connect(), topic }, ({ offset }) => {
    seen.push(offset);
    late ??= produce(topic, 10, 0);
  });
  await late;
  assert.deepEqual(seen, range(0, 10));
});

test('a caller that fails on a record ends the reading with its own error, and no later record is handed out', async (t) => {
  const topic = await createTopic(t);
  await produce(topic, 10, 0);
  for (const error of [new Error('disk full'), new TypeError('defect')]) {
    const seen: bigint[] = [];
    await assert.rejects(
      readTopic({ connection: connect(), topic }, ({ offset }) => {
        seen.push(offset);
        if (offset === 3n) throw error;
      }),
      error,
    );
    assert.deepEqual(seen, range(0, 4));
  }
});

test('reading ends with the reason of its signal', async (t) => {
  const topic = await createTopic(t);
  await produce(topic, 10, 0);
  const controller = new AbortController();
  const reason = new Error('the operator has seen enough');
  await assert.rejects(
    readTopic({ connection: connect(), topic, signal: controller.signal }, () => controller.abort(reason)),
    reason,
  );
  await assert.rejects(
    readTopic({ connection: connect(), topic, signal: AbortSignal.abort(reason) }, () => undefined),
    reason,
  );
});

test('reading leaves no consumer group behind', async (t) => {
  const topic = await createTopic(t);
  await produce(topic, 1, 0);
  const clientId = `reader-${randomUUID()}`;
  await readTopic({ connection: { ...connect(), clientId }, topic }, () => undefined);
  const admin = clientOf(connect()).admin();
  await admin.connect();
  const { groups } = await admin.listGroups();
  await admin.disconnect();
  assert.deepEqual(
    groups.map(({ groupId }) => groupId).filter((groupId) => groupId.startsWith(clientId)),
    [],
  );
});
