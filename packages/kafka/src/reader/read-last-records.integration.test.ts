import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { PartitionRange } from '@astrolabe/records';
import { connect, createTopic, deleteRecordsBelow, openTransaction, writeTransactions } from '../testing/broker.ts';
import { bombBytes, produceBomb } from '../testing/compression-bomb.ts';
import { createPartitionReader } from './kafkajs-partition-reader.ts';
import { readLastRecords } from './read-last-records.ts';

type Write = (t: TestContext, topic: string) => Promise<unknown>;

const written = (topic: string): Promise<void> => writeTransactions(topic, [{ values: ['a', 'b', 'c'] }]);

// Offsets that are read; a transaction ends with a marker.
const cases: readonly (readonly [string, Write, readonly bigint[]])[] = [
  ['nothing', async () => undefined, []],
  ['the marker of a transaction', (_t, topic) => written(topic), [3n]],
  ['nothing any more', (_t, topic) => written(topic).then(() => deleteRecordsBelow(topic, 4n)), []],
  ['an open transaction', (t, topic) => written(topic).then(() => openTransaction(t, topic, ['d'])), [3n]],
  ['a batch that inflates to too much', (_t, topic) => produceBomb(connect(), topic, 0, 'gzip', bombBytes.gzip), [0n]],
];

for (const [what, write, expected] of cases) {
  test(`the last records are read where a partition ends with ${what}`, async (t) => {
    const topic = await createTopic(t);
    await write(t, topic);
    const reader = createPartitionReader({ connection: connect() });
    t.after(() => reader.close());
    const read: bigint[] = [];
    const watched = {
      offsets: (name: string, partition: number) => reader.offsets(name, partition),
      read: async (range: PartitionRange) => {
        const nextOffset = await reader.read(range);
        read.push(nextOffset - 1n);
        return nextOffset;
      },
    };
    await readLastRecords(watched, { topic, partitions: 1, signal: t.signal });
    assert.deepEqual(read, expected);
  });
}

test('a partition that cannot be read does not keep a process from the others', async (t) => {
  const topic = await createTopic(t);
  await written(topic);
  const reader = createPartitionReader({ connection: connect() });
  t.after(() => reader.close());
  const read: (string | undefined)[] = [];
  const onRecords = (records: readonly { readonly value: Buffer | null }[]): void => {
    read.push(...records.map(({ value }) => value?.toString()));
  };
  // There is only the first one.
  await readLastRecords(reader, { topic, partitions: 2, signal: t.signal, onRecords });
  assert.deepEqual(read, ['a', 'b', 'c']);
});
