import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import type { ConsumedRecord } from '@astrolabe/records';
import { toKafkaError } from '../../kafka-errors.ts';
import {
  encodeFetchResponse,
  encodeTestBatch,
  type TestBatch,
  type TestPartition,
  type TestRecord,
} from '../../testing/fetch-response.ts';
import { decompress, MAX_INFLATED_BYTES } from './compression/codecs.ts';
import { decodeFetchResponse, type FetchedMessage, type FetchedTopics } from './fetch-decoding.ts';
import { CompressionTypes, type Batch } from '../index.ts';
import { recordsOf } from '../kafkajs-record.ts';
import { MAX_BATCH_ITEMS } from './record-batches.ts';

const MEBIBYTE = 1_048_576;
const ALL = [CompressionTypes.GZIP, CompressionTypes.LZ4, CompressionTypes.ZSTD, CompressionTypes.Snappy];

const KafkaJsBatch = createRequire(import.meta.url)('kafkajs/src/consumer/batch') as new (
  topic: string,
  fetchedOffset: string,
  answer: object,
) => Batch;

async function decode(partitions: readonly TestPartition[]): Promise<FetchedTopics> {
  return decodeFetchResponse(encodeFetchResponse(partitions), decompress);
}

async function decodeBatches(...batches: readonly TestBatch[]): Promise<readonly FetchedMessage[]> {
  const records = Buffer.concat(await Promise.all(batches.map(encodeTestBatch)));
  const { responses } = await decode([{ topic: 't', partition: 3, records }]);
  return responses[0]?.partitions[0]?.messages ?? [];
}

const offsetsOf = (messages: readonly FetchedMessage[]): string[] => messages.map(({ offset }) => offset);
const recordsIn = (messages: readonly FetchedMessage[]) => messages.flatMap(({ records }) => records);
const valuesOf = (records: readonly ConsumedRecord[]): string[] => records.map(({ value }) => String(value));
const textRecords = (...values: readonly string[]): TestRecord[] =>
  values.map((value) => ({ value: Buffer.from(value) }));
const unreadable = (words: RegExp) => (error: unknown) => {
  const fault = toKafkaError(error, 'consuming');
  assert.deepEqual([fault.code, fault.retryable], ['kafka.batch-unreadable', false]);
  assert.match(fault.message, words);
  return true;
};

test("kafkajs's consumer decodes what it fetched by this decoder", async () => {
  const { decode: registered } = createRequire(import.meta.url)('kafkajs/src/protocol/requests/fetch/v11/response') as {
    decode(bytes: Buffer): Promise<FetchedTopics>;
  };
  const records = await encodeTestBatch({ baseOffset: 7n, records: textRecords('a') });
  const partitions = [{ topic: 't', partition: 3, records }];
  assert.deepEqual(await registered(encodeFetchResponse(partitions)), await decode(partitions));
});

test('an answer of several topics and partitions is decoded into their records', async () => {
  const first = await encodeTestBatch({ baseOffset: 7n, records: textRecords('a', 'b') });
  const second = await encodeTestBatch({ baseOffset: 9n, records: textRecords('c'), compression: 4 });
  const answer = await decode([
    { topic: 't', partition: 3, records: Buffer.concat([first, second, first.subarray(0, 40)]) },
    { topic: 'ü', partition: 0, records: Buffer.alloc(0), highWatermark: 2n ** 62n },
  ]);
  assert.deepEqual([answer.clientSideThrottleTime, answer.throttleTime, answer.errorCode], [17, 0, 0]);
  assert.deepEqual(
    answer.responses.map(({ topicName, partitions }) => [topicName, partitions.map(({ partition }) => partition)]),
    [
      ['t', [3]],
      ['ü', [0]],
    ],
  );
  const [[full], [empty]] = answer.responses.map(({ partitions }) => partitions) as [
    [FetchedTopics['responses'][0]['partitions'][0]],
    [FetchedTopics['responses'][0]['partitions'][0]],
  ];
  assert.deepEqual([empty.messages, empty.highWatermark], [[], String(2n ** 62n)]);
  assert.deepEqual(offsetsOf(full.messages), ['8', '9']);
  assert.deepEqual(
    recordsIn(full.messages).map(({ topic, partition, offset, value }) => [topic, partition, offset, String(value)]),
    [
      ['t', 3, 7n, 'a'],
      ['t', 3, 8n, 'b'],
      ['t', 3, 9n, 'c'],
    ],
  );
});

test('a batch that begins before the offset that was asked for gives the records from there on', async () => {
  const messages = await decodeBatches(
    { baseOffset: 7n, records: textRecords('a', 'b', 'c') },
    { baseOffset: 10n, records: textRecords('d') },
  );
  const readFrom = (fetchedOffset: string, of: readonly unknown[] = messages) =>
    valuesOf(recordsOf(new KafkaJsBatch('t', fetchedOffset, { partition: 3, highWatermark: '11', messages: of })));
  assert.deepEqual(readFrom('7'), ['a', 'b', 'c', 'd']);
  assert.deepEqual(readFrom('9'), ['c', 'd']);
  assert.deepEqual(readFrom('10'), ['d']);
  assert.throws(() => readFrom('7', [{ offset: '7', value: Buffer.from('decoded by kafkajs') }]), {
    type: 'UNSUPPORTED_VERSION',
  });
});

test('aborted records count as read but never reach the handler', async () => {
  const aborted = await encodeTestBatch({
    baseOffset: 5n,
    records: textRecords('x', 'y'),
    producerId: 1n,
    transactional: true,
  });
  const committed = await encodeTestBatch({ baseOffset: 7n, records: textRecords('z'), producerId: 2n });
  const { responses } = await decode([
    {
      topic: 't',
      partition: 0,
      records: Buffer.concat([aborted, committed]),
      aborted: [{ producerId: 1n, firstOffset: 5n }],
    },
  ]);
  const messages = responses[0]?.partitions[0]?.messages ?? [];
  assert.deepEqual(
    messages.map(({ offset, isControlRecord, records }) => [offset, isControlRecord, valuesOf(records)]),
    [
      ['6', true, []],
      ['7', false, ['z']],
    ],
  );
});

test('however much an answer inflates to, little of it is decoded at once, and fetches that follow give the rest', async () => {
  for (const compression of ALL) {
    const batches = Array.from({ length: 24 }, (_, index) => ({
      baseOffset: BigInt(index),
      records: [{ value: Buffer.alloc(MEBIBYTE, index) }],
      compression,
    }));
    const read: number[] = [];
    while (read.length < batches.length) {
      const messages = await decodeBatches(...batches.slice(read.length));
      assert.ok(messages.length > 0 && messages.length <= 5, `${messages.length} batches of a MiB at once`);
      read.push(...recordsIn(messages).map(({ value }) => value?.[0] ?? -1));
    }
    assert.deepEqual(
      read,
      batches.map((_, index) => index),
    );
  }
});

test('what one partition of an answer takes is not there for the others, which come with the next answer', async () => {
  const big = await encodeTestBatch({
    baseOffset: 0n,
    records: [{ value: Buffer.alloc(5 * MEBIBYTE) }],
    compression: 1,
  });
  const { responses } = await decode(
    Array.from({ length: 10 }, (_, partition) => ({ topic: 't', partition, records: big })),
  );
  assert.deepEqual(
    responses.map(({ partitions }) => partitions[0]?.messages.length),
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  );
});

test('a batch that inflates to more than the limit is a fault that names its offsets, once all before it is read', async () => {
  for (const compression of ALL) {
    const bomb = { baseOffset: 8n, records: [{ value: Buffer.alloc(MAX_INFLATED_BYTES + 1) }], compression };
    await assert.rejects(decodeBatches(bomb), unreadable(/t\[3\] with offsets 8 to 8 cannot be inflated/));
    const before = { baseOffset: 7n, records: textRecords('a') };
    assert.deepEqual(offsetsOf(await decodeBatches(before, bomb)), ['7']);
  }
});

test('a batch of very many records or headers is read up to the limit, and is a fault beyond it', async () => {
  const many = (count: number): TestRecord[] => Array.from({ length: count }, () => ({}));
  const withHeaders = (count: number): TestRecord => ({
    headers: Object.fromEntries(Array.from({ length: count }, (_, index) => [String(index), Buffer.alloc(0)])),
  });
  const one = { baseOffset: 1n, compression: 4 };
  assert.equal(recordsIn(await decodeBatches({ ...one, records: many(200_000) })).length, 200_000);
  const [headed] = recordsIn(await decodeBatches({ ...one, records: [withHeaders(200_000)] }));
  assert.equal(Object.keys(headed?.headers ?? {}).length, 200_000);
  const tooMany = unreadable(/offsets 1 to \d+ has more than 250000 records and headers/);
  await assert.rejects(decodeBatches({ ...one, records: many(MAX_BATCH_ITEMS + 1) }), tooMany);
  await assert.rejects(decodeBatches({ ...one, records: [withHeaders(MAX_BATCH_ITEMS)] }), tooMany);
});

test('records of very many headers are decoded a few at a time', async () => {
  const headers = Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [String(index), Buffer.alloc(0)]));
  const batches = Array.from({ length: 6 }, (_, index) => ({ baseOffset: BigInt(index), records: [{ headers }] }));
  assert.deepEqual(offsetsOf(await decodeBatches(...batches)), ['0', '1']);
});

test('an answer of many records is decoded in many turns of the event loop, one of few in the turn that it came in', async () => {
  const turnsOf = async (partitions: number): Promise<number> => {
    const records = await encodeTestBatch({ baseOffset: 0n, records: Array.from({ length: 5_000 }, () => ({})) });
    const bytes = encodeFetchResponse(
      Array.from({ length: partitions }, (_, partition) => ({ topic: 't', partition, records })),
    );
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      if (isOver) return;
      turns += 1;
      setImmediate(count);
    };
    setImmediate(count);
    await decodeFetchResponse(bytes, decompress);
    isOver = true;
    return turns;
  };
  assert.deepEqual([await turnsOf(1), await turnsOf(6)], [0, 3]);
});

test('a batch whose bytes have changed is a fault', async () => {
  const records = await encodeTestBatch({ baseOffset: 8n, records: textRecords('abc') });
  records[records.length - 3] = 0;
  await assert.rejects(decode([{ topic: 't', partition: 3, records }]), unreadable(/does not match its checksum/));
});
