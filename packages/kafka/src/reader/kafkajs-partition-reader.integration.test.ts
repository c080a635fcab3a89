import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { test, type TestContext } from 'node:test';
import type { PartitionRange, PartitionReader } from '@astrolabe/records';
import { CONTRACT_PARTITIONS, testPartitionReader } from '@astrolabe/records/testing';
import { createKafkaAdmin } from '../admin/admin.ts';
import { clientOf } from '../connection.ts';
import type { Cluster } from '../kafkajs/protocol/fetch-partition.ts';
import { createPartitionReader, type PartitionReaderOptions } from './kafkajs-partition-reader.ts';
import { createRecordProducer } from '../producer/kafkajs-producer.ts';
import {
  connect,
  createTopic,
  deleteRecordsBelow,
  topicDefinition,
  untilDecided,
  writeTransactions,
} from '../testing/broker.ts';
import { silentLogger } from '../testing/silent-logger.ts';

testPartitionReader(async () => {
  const admin = await createKafkaAdmin(connect());
  const topic = `test-${randomUUID()}`;
  await admin.applyTopics(await admin.planTopics([topicDefinition(topic, { partitions: CONTRACT_PARTITIONS })], 1));
  const producer = await createRecordProducer({ connection: connect(), logger: silentLogger });
  const reader = createPartitionReader({ connection: connect() });
  return {
    reader,
    topic,
    produce: async (partition, records) => {
      await producer.send(
        topic,
        records.map((record) => ({ ...record, partition })),
      );
    },
    release: async () => {
      await reader.close();
      await producer.close();
      await admin.deleteTopics([topic]);
      await admin.close();
    },
  };
});

async function withReader<T>(
  use: (reader: PartitionReader) => Promise<T>,
  options: Partial<PartitionReaderOptions> = {},
): Promise<T> {
  const reader = createPartitionReader({ connection: connect(), ...options });
  try {
    return await use(reader);
  } finally {
    await reader.close();
  }
}

async function valuesOf(reader: PartitionReader, range: Omit<PartitionRange, 'onRecords' | 'partition'>) {
  const values: string[] = [];
  const nextOffset = await reader.read({
    ...range,
    partition: 0,
    onRecords: (records) => void values.push(...records.map(({ value }) => String(value))),
  });
  return { values, nextOffset };
}

test('records of aborted transactions that overlap are passed over, whichever ended first, and what their producers commit next is not', async (t) => {
  const topic = await createTopic(t);
  const open = async () => {
    const producer = clientOf(connect()).producer({
      transactionalId: randomUUID(),
      maxInFlightRequests: 1,
      idempotent: true,
      retry: { initialRetryTime: 5, maxRetryTime: 200, retries: 100 },
    });
    await producer.connect();
    t.after(() => producer.disconnect());
    const begin = async (value: string) => {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value }] });
      return transaction;
    };
    return begin;
  };
  const [first, second] = await Promise.all([open(), open()]);
  const [early, late] = [await first('early'), await second('late')];
  await late.abort();
  await early.abort();
  await (await first('first')).commit();
  await (await second('second')).commit();
  await withReader(async (reader) => {
    const { highWatermark } = await reader.offsets(topic, 0);
    assert.deepEqual(await valuesOf(reader, { topic, endOffset: highWatermark }), {
      values: ['first', 'second'],
      nextOffset: highWatermark,
    });
  });
});

test('aborted records and markers are passed over, also where nothing else is left of a range', async (t) => {
  const topic = await createTopic(t);
  await writeTransactions(topic, [
    { values: ['a', 'b'] },
    { values: ['aborted'], aborted: true },
    { values: ['c'] },
    { values: ['aborted', 'at the end'], aborted: true },
  ]);
  await withReader(async (reader) => {
    assert.deepEqual(await valuesOf(reader, { topic }), { values: ['a', 'b', 'c'], nextOffset: 10n });
    assert.deepEqual(await valuesOf(reader, { topic, fromOffset: 2n }), { values: ['c'], nextOffset: 10n });
    assert.deepEqual(await valuesOf(reader, { topic, fromOffset: 4n }), { values: ['c'], nextOffset: 10n });
    assert.deepEqual(await valuesOf(reader, { topic, fromOffset: 8n }), { values: [], nextOffset: 10n });
  });
});

test('transactions of several producers, woven into each other, each give what they committed', async (t) => {
  const topic = await createTopic(t);
  const producers = await Promise.all(
    ['x', 'y', 'z'].map(async (name) => {
      const producer = clientOf(connect()).producer({
        transactionalId: randomUUID(),
        maxInFlightRequests: 1,
        idempotent: true,
        retry: { initialRetryTime: 5, maxRetryTime: 200, retries: 100 },
      });
      await producer.connect();
      return { name, producer };
    }),
  );
  const committed: string[] = [];
  for (let round = 0; round < 6; round += 1) {
    const open = [];
    for (const { name, producer } of producers) open.push({ name, transaction: await producer.transaction() });
    for (const part of [1, 2]) {
      for (const { name, transaction } of open) {
        await transaction.send({ topic, messages: [{ value: `${name}${round}.${part}` }] });
      }
    }
    for (const [index, { name, transaction }] of open.entries()) {
      if ((round + index) % 2 === 0) await transaction.abort();
      else {
        await transaction.commit();
        committed.push(`${name}${round}.1`, `${name}${round}.2`);
      }
    }
  }
  await Promise.all(producers.map(({ producer }) => producer.disconnect()));
  await untilDecided(topic);
  // Fetches of one batch: each begins inside the transactions of the one before.
  for (const maxFetchBytes of [1, 4_194_304]) {
    const { values } = await withReader((reader) => valuesOf(reader, { topic }), { maxFetchBytes });
    assert.deepEqual(values.sort(), [...committed].sort());
  }
});

test('an open transaction ends a range at its first record; an end behind it waits for its outcome', async (t) => {
  const topic = await createTopic(t);
  await writeTransactions(topic, [{ values: ['a'] }]);
  const producer = clientOf(connect()).producer({
    transactionalId: randomUUID(),
    maxInFlightRequests: 1,
    idempotent: true,
  });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: [{ value: 'b' }, { value: 'c' }] });
  await withReader(async (reader) => {
    assert.deepEqual(await reader.offsets(topic, 0), { lowWatermark: 0n, lastStableOffset: 2n, highWatermark: 4n });
    assert.deepEqual(await valuesOf(reader, { topic }), { values: ['a'], nextOffset: 2n });
    const all = await valuesOf(reader, { topic, isolation: 'all' });
    assert.deepEqual(all, { values: ['a', 'b', 'c'], nextOffset: 4n }, 'also what is not committed');
    const waiting = valuesOf(reader, { topic, fromOffset: 1n, endOffset: 4n });
    // Its first fetch has come back with nothing when a later request of the same connection is answered.
    await valuesOf(reader, { topic });
    await transaction.commit();
    assert.deepEqual(await waiting, { values: ['b', 'c'], nextOffset: 4n });
  });
  await producer.disconnect();
});

test('what is below the low watermark is gone: reading begins at what is there, also when it vanishes under the reader', async (t) => {
  const topic = await createTopic(t);
  const producer = await createRecordProducer({ connection: connect(), logger: silentLogger });
  const produce = async (value: string) => {
    await producer.send(topic, [{ key: null, value: Buffer.from(value), headers: {} }]);
  };
  for (let index = 0; index < 10; index += 1) await produce(String(index));
  await deleteRecordsBelow(topic, 4n);
  await withReader(
    async (reader) => {
      assert.equal((await valuesOf(reader, { topic, fromOffset: 1n })).values[0], '4');
      const bounded = { topic, fromOffset: 1n, endOffset: 6n };
      assert.deepEqual(await valuesOf(reader, bounded), { values: ['4', '5'], nextOffset: 6n });
      const gone = await valuesOf(reader, { ...bounded, endOffset: 3n });
      assert.deepEqual(gone, { values: [], nextOffset: 3n });
      const seen: bigint[] = [];
      const nextOffset = await reader.read({
        topic,
        partition: 0,
        onRecords: async ([record]) => {
          seen.push(record?.offset ?? -1n);
          if (record?.offset === 4n) await deleteRecordsBelow(topic, 8n);
        },
      });
      assert.equal(nextOffset, 10n);
      // The fetch of offset 5 was under way.
      assert.deepEqual(
        seen.filter((offset) => offset !== 5n),
        [4n, 8n, 9n],
      );
    },
    { maxFetchBytes: 1 },
  );
  await producer.close();
});

test('a topic that is not there is told within seconds, and read as soon as it is there', async (t) => {
  const name = `test-${randomUUID()}`;
  await withReader(async (reader) => {
    await assert.rejects(valuesOf(reader, { topic: name }), { code: 'kafka.topic-missing', retryable: true });
    const admin = await createKafkaAdmin(connect());
    t.after(async () => {
      await admin.deleteTopics([name]);
      await admin.close();
    });
    await admin.applyTopics(await admin.planTopics([topicDefinition(name)], 1));
    assert.deepEqual(await valuesOf(reader, { topic: name }), { values: [], nextOffset: 0n });
  });
});

test('where both ends of a range are given only records are asked for, and a range beyond the last one is refused', async (t) => {
  const topic = await createTopic(t);
  await writeTransactions(topic, [{ values: ['a', 'b'] }]);
  await withReader(async (reader) => {
    const asked = countLookUps(t);
    const range = { topic, fromOffset: 0n, endOffset: 2n };
    assert.deepEqual(await valuesOf(reader, range), { values: ['a', 'b'], nextOffset: 2n });
    assert.equal(asked(), 1);
    const beyond = valuesOf(reader, { topic, fromOffset: 20n, endOffset: 30n });
    await assert.rejects(beyond, { code: 'kafka.offset-out-of-range', retryable: false });
  });
});

test('a reader of pages asks for one fetch, hands it out whole, and reads on where a page ended', async (t) => {
  const topic = await createTopic(t);
  const producer = await createRecordProducer({ connection: connect(), logger: silentLogger });
  t.after(() => producer.close());
  const written = Array.from({ length: 3_000 }, (_, index) => String(index));
  for (let first = 0; first < written.length; first += 500) {
    const records = written
      .slice(first, first + 500)
      .map((value) => ({ key: null, value: Buffer.from(value), headers: {} }));
    await producer.send(
      topic,
      records.map((record) => ({ ...record, partition: 0 })),
    );
  }
  const asked = countLookUps(t);
  const reader = createPartitionReader({ connection: connect(), maxFetchBytes: 30_000, isPaged: true });
  t.after(() => reader.close());
  const read: string[] = [];
  const pages: number[] = [];
  for (let fromOffset = 0n; fromOffset < 3_000n;) {
    const enough = new AbortController();
    const reading = reader.read({
      topic,
      partition: 0,
      fromOffset,
      endOffset: 3_000n,
      signal: enough.signal,
      onRecords: (records, nextOffset) => {
        read.push(...records.map(({ value }) => String(value)));
        pages.push(records.length);
        fromOffset = nextOffset;
        enough.abort(new Error('a page is enough'));
      },
    });
    await reading.catch(() => undefined);
  }
  assert.deepEqual(read, written);
  assert.ok(pages.length > 1 && Math.max(...pages) > 1_000, String(pages));
  assert.equal(asked(), pages.length);
});

/** How often the broker of a partition is looked up: once for each fetch and for each question. */
function countLookUps(t: TestContext): () => number {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/cluster') as { readonly prototype: Cluster };
  const { findLeaderForPartitions } = prototype;
  let lookUps = 0;
  prototype.findLeaderForPartitions = function (...args) {
    lookUps += 1;
    return findLeaderForPartitions.apply(this, args);
  };
  t.after(() => {
    prototype.findLeaderForPartitions = findLeaderForPartitions;
  });
  return () => lookUps;
}
