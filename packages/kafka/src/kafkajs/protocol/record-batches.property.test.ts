import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ConsumedRecord } from '@astrolabe/records';
import { decompress } from './compression/codecs.ts';
import { crc32c } from './crc32c.ts';
import '../index.ts';
import { RecordSetDecoder, splitRecordSet } from './record-batches.ts';

/** kafkajs's encoders, as they were published: the decoder is held against another hand's reading of the format. */
const require = createRequire(import.meta.url);
const { RecordBatch: encodeBatch } = require('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch(batch: object): Promise<{ buffer: Buffer }>;
};
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => object;
const Long = require('kafkajs/src/utils/long') as { fromValue(value: string): object };

interface WrittenRecord {
  readonly offsetDelta: number;
  readonly timestampDelta: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer>>;
}
interface WrittenBatch {
  readonly baseOffset: bigint;
  readonly compression: number;
  readonly timestamp: number;
  readonly transactional: boolean;
  readonly producerId: bigint;
  readonly records: readonly WrittenRecord[];
}

async function encode({ baseOffset, compression, timestamp, transactional, producerId, records }: WrittenBatch) {
  const { buffer } = await encodeBatch({
    compression,
    transactional,
    firstOffset: Long.fromValue(baseOffset.toString()),
    firstTimestamp: timestamp,
    maxTimestamp: timestamp + Math.max(0, ...records.map(({ timestampDelta }) => timestampDelta)),
    producerId: Long.fromValue(producerId.toString()),
    lastOffsetDelta: records.at(-1)?.offsetDelta ?? 0,
    records: records.map((record) => encodeRecord(record)),
  });
  return Buffer.from(buffer);
}

async function decode(bytes: Buffer, aborted: { producerId: bigint; firstOffset: bigint }[] = [], containing?: Buffer) {
  const records: ConsumedRecord[] = [];
  const decoder = new RecordSetDecoder({ topic: 't', partition: 3 }, aborted, decompress);
  for (const batch of splitRecordSet(bytes)) await decoder.decode(batch, records, containing);
  return records;
}

const bytesOrNull = fc.option(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  { nil: null },
);
const written = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 0, max: 200 }),
      timestampDelta: fc.oneof(fc.integer({ min: -100_000, max: 100_000 }), fc.constant(40_000_000_000)),
      key: bytesOrNull,
      value: bytesOrNull,
      headers: fc.dictionary(
        fc.string({ minLength: 1, maxLength: 20 }),
        fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
        { maxKeys: 4, noNullPrototype: true },
      ),
    }),
    { minLength: 1, maxLength: 20 },
  )
  .map((records) => {
    let offsetDelta = -1;
    return records.map(({ gap, ...record }) => ({ ...record, offsetDelta: (offsetDelta += 1 + gap) }));
  });
const batches = fc.array(
  fc.record({
    compression: fc.integer({ min: 0, max: 4 }),
    timestamp: fc.integer({ min: 0, max: 4_000_000_000_000 }),
    transactional: fc.boolean(),
    producerId: fc.bigInt({ min: -1n, max: 2n ** 62n }),
    records: written,
  }),
  { minLength: 1, maxLength: 4 },
);

test('what was encoded is decoded: offsets with their gaps, times, keys, values and headers, by every codec', async () => {
  await fc.assert(
    fc.asyncProperty(batches, fc.bigInt({ min: 0n, max: 2n ** 60n }), async (unplaced, firstOffset) => {
      let baseOffset = firstOffset;
      const placed = unplaced.map((batch) => {
        const here = { ...batch, baseOffset };
        baseOffset += BigInt(batch.records.at(-1)?.offsetDelta ?? 0) + 1n;
        return here;
      });
      const bytes = Buffer.concat(await Promise.all(placed.map(encode)));
      assert.deepEqual(
        splitRecordSet(bytes).map((batch) => [batch.baseOffset, batch.nextOffset]),
        placed.map((batch, index) => [batch.baseOffset, placed[index + 1]?.baseOffset ?? baseOffset]),
      );
      const decoded = (await decode(bytes)).map(
        ({ topic, partition, offset, timestampMs, key, value, headers: { ...headers } }) => ({
          topic,
          partition,
          offset,
          timestampMs,
          key,
          value,
          headers,
        }),
      );
      const expected = placed.flatMap((batch) =>
        batch.records.map(({ offsetDelta, timestampDelta, key, value, headers }) => ({
          topic: 't',
          partition: 3,
          offset: batch.baseOffset + BigInt(offsetDelta),
          timestampMs: batch.timestamp + timestampDelta,
          key,
          value,
          headers: { ...headers },
        })),
      );
      assert.deepEqual(decoded, expected);
    }),
    { numRuns: 60 },
  );
});

const plain: WrittenBatch = {
  baseOffset: 100n,
  compression: 0,
  timestamp: 1_000,
  transactional: false,
  producerId: 7n,
  records: [0, 1, 2].map((offsetDelta) => ({
    offsetDelta,
    timestampDelta: offsetDelta,
    key: Buffer.from('key'),
    value: Buffer.from('value'.repeat(20)),
    headers: {},
  })),
};

const STOPS_KAFKAJS = { name: 'KafkaJSNonRetriableError', retriable: false };
const CRC_AT = 17;
const BODY_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const RECORD_COUNT_AT = 57;
const RECORDS_AT = 61;

test('of batches, those are decoded that hold what is looked for, by every codec, and no aborted one', async () => {
  const sought = Buffer.from('m777777');
  const record = { offsetDelta: 0, timestampDelta: 0, key: null, value: Buffer.from('other'), headers: {} };
  const found = { ...record, headers: { 'message-id': sought } };
  const batch = { timestamp: 0, transactional: true, producerId: 7n };
  for (const compression of [0, 1, 2, 3, 4]) {
    const bytes = Buffer.concat(
      await Promise.all(
        [record, found, record].map((each, index) =>
          encode({ ...batch, compression, baseOffset: BigInt(index), records: [each] }),
        ),
      ),
    );
    const offsetsWith = async (aborted: { producerId: bigint; firstOffset: bigint }[]) =>
      (await decode(bytes, aborted, sought)).map(({ offset }) => offset);
    assert.deepEqual(await offsetsWith([]), [1n]);
    assert.deepEqual(await offsetsWith([{ producerId: 7n, firstOffset: 0n }]), []);
  }
});

test('a batch with any of its bytes changed is a fault, and none of its records is given out', async () => {
  for (const compression of [0, 1, 2, 3, 4]) {
    const bytes = await encode({ ...plain, compression });
    for (let at = CRC_AT; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      await assert.rejects(decode(changed), STOPS_KAFKAJS);
    }
  }
});

test('whatever bytes a batch holds under a true checksum, it is decoded, or a fault of the kind that is not tried again', async () => {
  const encoded = await Promise.all([0, 1, 2, 3, 4].map((compression) => encode({ ...plain, compression })));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...encoded),
      fc.array(fc.tuple(fc.nat(200), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
      async (bytes, changes) => {
        const changed = Buffer.from(bytes);
        for (const [at, byte] of changes) changed[RECORD_COUNT_AT + (at % (changed.length - RECORD_COUNT_AT))] = byte;
        changed.writeUInt32BE(crc32c(changed, BODY_AT, changed.length), CRC_AT);
        await decode(changed).catch((error: unknown) => {
          assert.equal((error as { name?: string }).name, STOPS_KAFKAJS.name, String(error));
        });
      },
    ),
    { numRuns: 500 },
  );
});

test('a record set that is cut off anywhere gives the batches that are there in full', async () => {
  const one = await encode(plain);
  const two = Buffer.concat([one, await encode({ ...plain, baseOffset: 103n, compression: 4 })]);
  for (let length = 0; length < two.length; length += 1) {
    const whole = length < one.length ? 0 : 1;
    assert.equal(splitRecordSet(two.subarray(0, length)).length, whole);
  }
  assert.equal((await decode(two)).length, 6);
});

test('a batch that compaction has emptied gives no record, and still tells the offset that follows it', async () => {
  const emptied = (await encode({ ...plain, records: [] })).subarray(0, RECORDS_AT);
  emptied.writeInt32BE(emptied.length - 12, 8);
  emptied.writeInt32BE(41, LAST_OFFSET_DELTA_AT);
  emptied.writeInt32BE(0, RECORD_COUNT_AT);
  emptied.writeUInt32BE(crc32c(emptied, BODY_AT, emptied.length), CRC_AT);
  assert.deepEqual(await decode(emptied), []);
  assert.deepEqual(
    splitRecordSet(emptied).map(({ nextOffset }) => nextOffset),
    [142n],
  );
});

test("a producer's aborted records are left out up to its marker, and nobody else's", async () => {
  const marker = async (baseOffset: bigint, producerId: bigint, type: number): Promise<Buffer> => {
    const bytes = await encode({
      ...plain,
      baseOffset,
      producerId,
      transactional: true,
      records: [
        { offsetDelta: 0, timestampDelta: 0, key: Buffer.from([0, 0, 0, type]), value: Buffer.alloc(6), headers: {} },
      ],
    });
    bytes.writeInt16BE(bytes.readInt16BE(BODY_AT) | 0x20, BODY_AT);
    bytes.writeUInt32BE(crc32c(bytes, BODY_AT, bytes.length), CRC_AT);
    return bytes;
  };
  const data = (baseOffset: bigint, producerId: bigint, transactional = true) =>
    encode({ ...plain, baseOffset, producerId, transactional });
  const [ABORT, COMMIT] = [0, 1];
  const set = Buffer.concat([
    await data(100n, 7n),
    await data(103n, 8n),
    await data(106n, 7n, false),
    await marker(109n, 7n, ABORT),
    await data(110n, 7n),
    await marker(113n, 8n, COMMIT),
    await marker(114n, 7n, COMMIT),
    await data(115n, 8n),
    await marker(118n, 8n, ABORT),
  ]);
  const aborted = [
    { producerId: 7n, firstOffset: 90n },
    { producerId: 8n, firstOffset: 115n },
  ];
  assert.deepEqual(
    (await decode(set, aborted)).map(({ offset }) => offset),
    [103n, 104n, 105n, 106n, 107n, 108n, 110n, 111n, 112n],
  );
});

test('of aborted transactions that overlap, the one that ended first need not have begun first', async () => {
  const set = Buffer.concat([
    await encode({ ...plain, baseOffset: 100n, producerId: 7n, transactional: true }),
    await encode({ ...plain, baseOffset: 103n, producerId: 8n, transactional: true }),
    await encode({ ...plain, baseOffset: 106n, producerId: 9n, transactional: true }),
  ]);
  // As brokers answer: by the offsets of their markers.
  const aborted = [
    { producerId: 8n, firstOffset: 103n },
    { producerId: 7n, firstOffset: 100n },
  ];
  assert.deepEqual(
    (await decode(set, aborted)).map(({ offset }) => offset),
    [106n, 107n, 108n],
  );
});

test('the time of a topic with LogAppendTime is that of the batch', async () => {
  const bytes = await encode(plain);
  bytes.writeInt16BE(0x8, BODY_AT);
  bytes.writeUInt32BE(crc32c(bytes, BODY_AT, bytes.length), CRC_AT);
  assert.deepEqual(
    (await decode(bytes)).map(({ timestampMs }) => timestampMs),
    [1_002, 1_002, 1_002],
  );
});

test('a format older than that of Kafka 0.11 is a fault', async () => {
  const bytes = await encode(plain);
  bytes[16] = 1;
  assert.throws(() => splitRecordSet(bytes), STOPS_KAFKAJS);
});
