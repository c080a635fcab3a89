import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partitionFor, recordSizeBytes, type TopicRecord } from '@astrolabe/records';
import { cutIntoRequests, placeRecords } from './transaction-requests.ts';

const leaders = [
  { partitionId: 0, leader: 1 },
  { partitionId: 1, leader: 2 },
  { partitionId: 2, leader: 1 },
];

function record(text: string, fields: Partial<TopicRecord> = {}): TopicRecord {
  return { topic: 't', key: Buffer.from('k'), value: Buffer.from(text), headers: {}, ...fields };
}

const place = (records: readonly TopicRecord[], maxRecordBytes = 1_000) =>
  placeRecords(records, () => leaders, maxRecordBytes);

const textsOf = (records: readonly { readonly value: Buffer | null }[]) => records.map(({ value }) => String(value));

test('records go where their key says, or where they are told, in order within a partition', () => {
  const byKey = partitionFor(Buffer.from('k'), 3);
  const placed = place([
    record('1'),
    record('2', { partition: (byKey + 1) % 3 }),
    record('3'),
    record('4', { topic: 'u' }),
  ]);
  assert.deepEqual(
    placed.map(({ topic, partition, records }) => [topic, partition, textsOf(records)]),
    [
      ['t', byKey, ['1', '3']],
      ['t', (byKey + 1) % 3, ['2']],
      ['u', byKey, ['4']],
    ],
  );
});

test('a partition that is not there, and a record over the limit, are refused', () => {
  assert.throws(() => place([record('1', { partition: 3 })]), { code: 'kafka.topic-missing', retryable: true });
  assert.throws(() => place([record('x'.repeat(2_000))]), { code: 'kafka.record-too-large', retryable: false });
});

test('each broker gets requests of the size that it takes, and every record in its order', () => {
  const records = Array.from({ length: 50 }, (_, index) => record(String(index), { partition: index % 3 }));
  const byLeader = cutIntoRequests(place(records), 300);
  assert.deepEqual(byLeader.map(({ leader }) => leader).sort(), [1, 2]);
  for (const partition of [0, 1, 2]) {
    const sent = byLeader.flatMap(({ requests }) => requests.flat()).filter((each) => each.partition === partition);
    assert.ok(sent.length > 1);
    assert.deepEqual(
      sent.flatMap((each) => textsOf(each.records)),
      textsOf(records.filter((each) => each.partition === partition)),
    );
  }
  for (const { requests } of byLeader) {
    for (const request of requests) {
      const sizeBytes = request.flatMap((each) => each.records).reduce((sum, each) => sum + recordSizeBytes(each), 0);
      assert.ok(sizeBytes <= 300);
    }
  }
});

test('a record that is larger than a request gets one of its own', () => {
  const placed = place([record('a'), record('x'.repeat(500)), record('b')]);
  const [only] = cutIntoRequests(placed, 100);
  assert.deepEqual(
    only?.requests.map((request) => request.map((each) => each.records.length)),
    [[1], [1], [1]],
  );
});
