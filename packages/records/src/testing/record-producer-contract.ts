/**
 * What every `RecordProducer` guarantees: the same tests, under the same titles, against the broker and the in-memory
 * fake.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { partitionFor } from '../record/partitioner.ts';
import type { ConsumedRecord, OutgoingRecord } from '../record/record.ts';
import type { RecordProducer } from '../ports/record-producer.ts';

export interface ProducerUnderTest {
  readonly producer: RecordProducer;
  /** A topic of `CONTRACT_PARTITIONS` partitions without records. */
  readonly topic: string;
  /** All records of the topic, in order within each partition. */
  readStored(): Promise<readonly ConsumedRecord[]>;
  release(): Promise<void>;
}

export const CONTRACT_PARTITIONS = 3;
/** Limit that the producer under test is given. */
export const CONTRACT_MAX_RECORD_BYTES = 10_000;

export function testRecordProducer(create: () => Promise<ProducerUnderTest>): void {
  const withProducer = async (use: (under: ProducerUnderTest) => Promise<void>): Promise<void> => {
    const under = await create();
    try {
      await use(under);
    } finally {
      await under.release();
    }
  };

  test('positions are true: where a record is said to be, it is read back byte for byte, headers and nulls included', async () => {
    await withProducer(async ({ producer, topic, readStored }) => {
      const records: OutgoingRecord[] = [
        { key: Buffer.from('a'), value: Buffer.from([0, 255, 128]), headers: { h: Buffer.from([0, 1, 255]) } },
        { key: Buffer.from('b'), value: null, headers: {} },
        { key: null, value: Buffer.from('no key'), headers: { empty: Buffer.alloc(0) } },
        { key: Buffer.from('a'), value: Buffer.from('to another partition'), headers: {}, partition: 2 },
        ...Array.from({ length: 200 }, (_, index) => record(`k${index % 17}`, `v${index}`)),
      ];
      const positions = await producer.send(topic, records);
      const stored = new Map((await readStored()).map((each) => [`${each.partition}:${each.offset}`, each]));
      assert.equal(stored.size, records.length);
      records.forEach((sent, index) => {
        const position = positions[index];
        assert.equal(position?.topic, topic);
        const found = stored.get(`${position.partition}:${position.offset}`);
        assert.deepEqual({ key: found?.key, value: found?.value }, { key: sent.key, value: sent.value });
        assert.deepEqual({ ...found?.headers }, { ...sent.headers });
        if (sent.partition !== undefined) assert.equal(position.partition, sent.partition);
        else if (sent.key !== null) assert.equal(position.partition, partitionFor(sent.key, CONTRACT_PARTITIONS));
      });
    });
  });

  test('concurrent sends are each stored whole, and in the order of the calls', async () => {
    await withProducer(async ({ producer, topic, readStored }) => {
      const sends = Array.from({ length: 100 }, (_, send) =>
        producer.send(topic, [
          record('same', `${send}.0`),
          record(`k${send}`, `${send}.other`),
          record('same', `${send}.1`),
        ]),
      );
      const positions = await Promise.all(sends);
      const offsets = positions.flatMap(([first, , last]) => [first?.offset, last?.offset]);
      assert.deepEqual(
        offsets,
        [...offsets].sort((a, b) => Number((a ?? 0n) - (b ?? 0n))),
      );
      const inOrder = (await readStored())
        .filter(({ key }) => key?.toString() === 'same')
        .map(({ value }) => `${value}`);
      assert.deepEqual(
        inOrder,
        sends.flatMap((_, send) => [`${send}.0`, `${send}.1`]),
      );
    });
  });

  test('a send with a record over the limit is refused for good, and nothing of it is stored', async () => {
    await withProducer(async ({ producer, topic, readStored }) => {
      const large = record('k', 'x'.repeat(CONTRACT_MAX_RECORD_BYTES));
      await assert.rejects(producer.send(topic, [record('k', 'small'), large]), {
        code: 'kafka.record-too-large',
        retryable: false,
      });
      await producer.send(topic, [record('k', 'after')]);
      assert.deepEqual(
        (await readStored()).map(({ value }) => `${value}`),
        ['after'],
      );
    });
  });

  test('a send to a partition that is not there is refused until somebody adds it, and harms no other', async () => {
    await withProducer(async ({ producer, topic, readStored }) => {
      const [refused, stored] = await Promise.allSettled([
        producer.send(topic, [{ ...record('k', 'nowhere'), partition: CONTRACT_PARTITIONS }]),
        producer.send(topic, [record('k', 'somewhere')]),
      ]);
      assert.ok(refused.status === 'rejected' && isPipelineError(refused.reason, 'kafka.topic-missing'));
      assert.equal(refused.reason.retryable, true);
      assert.equal(stored.status, 'fulfilled');
      assert.deepEqual(
        (await readStored()).map(({ value }) => `${value}`),
        ['somewhere'],
      );
    });
  });

  test('a send of nothing is acknowledged, and a closed producer refuses to send', async () => {
    await withProducer(async ({ producer, topic }) => {
      assert.deepEqual(await producer.send(topic, []), []);
      await producer.close();
      await assert.rejects(producer.send(topic, [record('k', 'late')]), { code: 'kafka.unavailable', retryable: true });
    });
  });
}

function record(key: string, value: string): OutgoingRecord {
  return { key: Buffer.from(key), value: Buffer.from(value), headers: {} };
}
