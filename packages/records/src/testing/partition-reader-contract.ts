/**
 * What every `PartitionReader` guarantees: the same tests, under the same titles, against the broker and the in-memory
 * fake.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PartitionRange, PartitionReader } from '../ports/partition-reader.ts';
import type { ConsumedRecord, OutgoingRecord } from '../record/record.ts';

export interface ReaderUnderTest {
  readonly reader: PartitionReader;
  /** A topic of `CONTRACT_PARTITIONS` partitions without records. */
  readonly topic: string;
  /** Stores records in one partition, in their order. */
  produce(partition: number, records: readonly Omit<OutgoingRecord, 'partition'>[]): Promise<void>;
  release(): Promise<void>;
}

export const CONTRACT_PARTITIONS = 3;

export function testPartitionReader(create: () => Promise<ReaderUnderTest>): void {
  const withReader = async (use: (under: ReaderUnderTest) => Promise<void>): Promise<void> => {
    const under = await create();
    try {
      await use(under);
    } finally {
      await under.release();
    }
  };

  test('the records of a partition are read once, in order, byte for byte, headers and nulls included', async () => {
    await withReader(async ({ reader, topic, produce }) => {
      const written = [
        { key: Buffer.from('a'), value: Buffer.from([0, 255, 128]), headers: { h: Buffer.from([0, 1, 255]) } },
        { key: Buffer.from('b'), value: null, headers: {} },
        { key: null, value: Buffer.alloc(0), headers: { empty: Buffer.alloc(0), ü: Buffer.from('ö') } },
        { key: Buffer.alloc(300, 7), value: Buffer.alloc(70_000, 8), headers: {} },
      ];
      await produce(1, written);
      await produce(0, values(5));
      await produce(1, values(1_000));
      const { records, nextOffset } = await readAll(reader, { topic, partition: 1 });
      assert.equal(nextOffset, 1_004n);
      assert.deepEqual(
        records.map(({ offset }) => offset),
        range(0, 1_004),
      );
      written.forEach(({ key, value, headers }, index) => {
        const read = records[index];
        assert.deepEqual([read?.topic, read?.partition], [topic, 1]);
        assert.deepEqual([read?.key, read?.value, { ...read?.headers }], [key, value, headers]);
      });
      assert.equal(String(records.at(-1)?.value), '999');
    });
  });

  test('a range begins and ends where it says, and reading on from an offset that was returned misses and repeats nothing', async () => {
    await withReader(async ({ reader, topic, produce }) => {
      for (let count = 0; count < 5; count += 1) await produce(0, values(250));
      const part = await readAll(reader, { topic, partition: 0, fromOffset: 130n, endOffset: 777n });
      assert.deepEqual([part.nextOffset, part.offsets], [777n, range(130, 777)]);
      assert.equal(part.handedOut.at(-1), 777n);
      for (const goOnAt of part.handedOut) {
        const before = part.offsets.filter((offset) => offset < goOnAt);
        const { offsets } = await readAll(reader, { topic, partition: 0, fromOffset: goOnAt, endOffset: 777n });
        assert.deepEqual([...before, ...offsets], range(130, 777));
      }
      assert.equal((await readAll(reader, { topic, partition: 0, fromOffset: 9n, endOffset: 9n })).nextOffset, 9n);
      assert.equal((await readAll(reader, { topic, partition: 0, fromOffset: 9n, endOffset: 3n })).nextOffset, 9n);
      assert.deepEqual((await readAll(reader, { topic, partition: 0, endOffset: 1n })).offsets, [0n]);
    });
  });

  test('without an end of its own a range ends where the partition did at the call: an empty one at once', async () => {
    await withReader(async ({ reader, topic, produce }) => {
      assert.deepEqual(await readAll(reader, { topic, partition: 2 }), {
        records: [],
        offsets: [],
        handedOut: [],
        nextOffset: 0n,
      });
      await produce(2, values(10));
      const seen: bigint[] = [];
      const nextOffset = await reader.read({
        topic,
        partition: 2,
        onRecords: async (records) => {
          seen.push(...records.map(({ offset }) => offset));
          if (seen.length === records.length) await produce(2, values(10));
        },
      });
      assert.deepEqual([nextOffset, seen], [10n, range(0, 10)]);
      assert.equal((await readAll(reader, { topic, partition: 2, fromOffset: 20n })).nextOffset, 20n);
      assert.deepEqual(await reader.offsets(topic, 2), {
        lowWatermark: 0n,
        lastStableOffset: 20n,
        highWatermark: 20n,
      });
    });
  });

  test('an end that is ahead of the records is waited for, until the signal aborts with its reason', async () => {
    await withReader(async ({ reader, topic, produce }) => {
      await produce(0, values(3));
      const enough = new AbortController();
      const reason = new Error('enough');
      const seen: bigint[] = [];
      const tail = reader.read({
        topic,
        partition: 0,
        endOffset: 1_000_000n,
        signal: enough.signal,
        onRecords: async (records) => {
          seen.push(...records.map(({ offset }) => offset));
          if (seen.length === 3) await produce(0, values(4));
          if (seen.length === 7) enough.abort(reason);
        },
      });
      await assert.rejects(tail, reason);
      assert.deepEqual(seen, range(0, 7));
      const waiting = new AbortController();
      const silent = reader.read({
        topic,
        partition: 1,
        endOffset: 1n,
        signal: waiting.signal,
        onRecords: () => undefined,
      });
      setImmediate(() => waiting.abort(reason));
      await assert.rejects(silent, reason);
      await assert.rejects(
        reader.read({ topic, partition: 1, signal: AbortSignal.abort(reason), onRecords: () => undefined }),
        reason,
      );
    });
  });

  test('each call of onRecords is waited for, and its failure ends the read unchanged', async () => {
    await withReader(async ({ reader, topic, produce }) => {
      for (let count = 0; count < 4; count += 1) await produce(0, values(1_500));
      let running = 0;
      let calls = 0;
      await reader.read({
        topic,
        partition: 0,
        onRecords: async () => {
          running += 1;
          calls += 1;
          assert.equal(running, 1);
          await new Promise((resolve) => setImmediate(resolve));
          running -= 1;
        },
      });
      assert.ok(calls > 1);
      for (const error of [new Error('disk full'), new TypeError('defect')]) {
        let failedCalls = 0;
        const failing = (): never => {
          failedCalls += 1;
          throw error;
        };
        await assert.rejects(reader.read({ topic, partition: 0, onRecords: failing }), error);
        await assert.rejects(reader.read({ topic, partition: 0, onRecords: async () => failing() }), error);
        assert.equal(failedCalls, 2);
      }
    });
  });

  test('who looks for some bytes is given every record that holds them, whether in key, value or header, and told how many were passed over', async () => {
    await withReader(async ({ reader, topic, produce }) => {
      const empty = { key: null, value: null, headers: {} };
      for (let count = 0; count < 3; count += 1) await produce(0, values(100));
      await produce(0, [{ ...empty, key: Buffer.from('a-sought-key') }]);
      await produce(0, values(100));
      await produce(0, [{ ...empty, value: Buffer.from('sought') }]);
      await produce(0, [{ ...empty, headers: { h: Buffer.from('sought too') } }]);
      for (let count = 0; count < 3; count += 1) await produce(0, values(100));
      let skipped = 0;
      const only = { bytes: Buffer.from('sought'), onSkipped: (records: number) => void (skipped += records) };
      const { offsets, nextOffset } = await readAll(reader, { topic, partition: 0, only });
      assert.equal(nextOffset, 703n);
      assert.deepEqual(offsets, [300n, 401n, 402n]);
      assert.equal(skipped, 700);
    });
  });

  test('what is not there is refused: an offset beyond the end for good, a partition or topic until somebody creates it', async () => {
    await withReader(async ({ reader, topic, produce }) => {
      await produce(0, values(3));
      const onRecords = (): void => undefined;
      await assert.rejects(reader.read({ topic, partition: 0, fromOffset: 4n, onRecords }), {
        code: 'kafka.offset-out-of-range',
        retryable: false,
      });
      const missing = { code: 'kafka.topic-missing', retryable: true };
      await assert.rejects(reader.read({ topic, partition: CONTRACT_PARTITIONS, onRecords }), missing);
      await assert.rejects(reader.offsets(topic, CONTRACT_PARTITIONS), missing);
      assert.equal(await reader.read({ topic, partition: 0, onRecords }), 3n);
    });
  });

  test('a closed reader reads nothing, and a read that was under way is told', async () => {
    await withReader(async ({ reader, topic }) => {
      const onRecords = (): void => undefined;
      const waiting = reader.read({ topic, partition: 0, endOffset: 1n, onRecords });
      const told = assert.rejects(waiting, { code: 'kafka.unavailable', retryable: true });
      await reader.offsets(topic, 0);
      await reader.close();
      await told;
      await assert.rejects(reader.read({ topic, partition: 0, onRecords }), { code: 'kafka.unavailable' });
      await assert.rejects(reader.offsets(topic, 0), { code: 'kafka.unavailable' });
    });
  });
}

async function readAll(reader: PartitionReader, part: Omit<PartitionRange, 'onRecords'>) {
  const records: ConsumedRecord[] = [];
  const handedOut: bigint[] = [];
  const onRecords = (read: readonly ConsumedRecord[], nextOffset: bigint): void => {
    assert.ok(read.length > 0);
    records.push(...read);
    handedOut.push(nextOffset);
  };
  const nextOffset = await reader.read({ ...part, onRecords });
  return { records, offsets: records.map(({ offset }) => offset), handedOut, nextOffset };
}

function values(count: number): Omit<OutgoingRecord, 'partition'>[] {
  return Array.from({ length: count }, (_, index) => ({ key: null, value: Buffer.from(String(index)), headers: {} }));
}

function range(from: number, to: number): bigint[] {
  return Array.from({ length: to - from }, (_, index) => BigInt(from + index));
}
