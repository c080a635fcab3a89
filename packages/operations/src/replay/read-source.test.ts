import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordSizeBytes, toHeaders, type ConsumedRecord, type PartitionReader } from '@astrolabe/records';
import { countSorted, countUnreadable, noCounts } from './core/replay-state.ts';
import { readSource, type SkippedRecords } from './read-source.ts';

const TOPIC = 'events';

function recordOf(offset: bigint, valueBytes: number): ConsumedRecord {
  const headers = toHeaders({ 'connector-id': 'acme' });
  return { topic: TOPIC, partition: 0, offset, timestampMs: 1, key: null, value: Buffer.alloc(valueBytes), headers };
}

test('records larger than the topic accepts, and batches that cannot be read, are reported, counted and skipped', async () => {
  const largest = recordOf(1n, 100);
  const records = [largest, recordOf(2n, 101), recordOf(5n, 1)];
  const read: PartitionReader['read'] = async ({ topic, partition, onRecords, onUnreadable, endOffset = 0n }) => {
    await onRecords(records.slice(0, 2), 3n);
    onUnreadable?.({ topic, partition, fromOffset: 3n, nextOffset: 5n, reason: 'it inflates to too much' });
    await onRecords(records.slice(2), endOffset);
    return endOffset;
  };
  const skipped: SkippedRecords[] = [];
  const counts = noCounts();
  const sent: bigint[] = [];
  await readSource(
    {
      cluster: { reader: { read } },
      topic: TOPIC,
      request: { source: 'events' },
      decoder: undefined,
      known: { find: async () => new Set() },
      maxRecordBytes: recordSizeBytes(largest),
      onSkipped: (each) => skipped.push(each),
    },
    { partition: 0, fromOffset: 1n, position: 1n, endOffset: 6n },
    new AbortController().signal,
    (portion) => {
      for (const { record, sorted } of portion) {
        countSorted(counts, sorted);
        if (sorted === 'send') sent.push(record.offset);
      }
    },
    (offsets) => countUnreadable(counts, offsets),
  );
  assert.deepEqual(sent, [1n, 5n]);
  assert.deepEqual(counts, { ...noCounts(), read: 5, unsendable: 3, sent: 2 });
  assert.deepEqual(skipped, [
    {
      kind: 'unreadable',
      topic: TOPIC,
      partition: 0,
      fromOffset: 3n,
      nextOffset: 5n,
      reason: 'it inflates to too much',
    },
    { kind: 'too-large', topic: TOPIC, partition: 0, offset: 2n, sizeBytes: recordSizeBytes(largest) + 1 },
  ]);
});
