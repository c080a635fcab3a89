import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { headerText, keyText, recordSizeBytes, type ConsumedRecord } from '@astrolabe/records';
import { decodeEagerly } from '../../../testing/eager-records.ts';
import { encodeTestBatch } from '../../../testing/fetch-response.ts';
import { RecordCursor, type EncodedBatch } from './fetched-record.ts';

const NAMES = ['connector-id', 'message-id', 'replay-id', 'dlq.code'] as const;
const RECORDS_AT = 61;
const ENOUGH_ITEMS = 2 ** 40;

const bytesOrNull = fc.option(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  { nil: null },
);
const headerValue = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes));
const encodedRecord = fc.record({
  key: bytesOrNull,
  value: bytesOrNull,
  headers: fc.dictionary(
    fc.oneof(fc.constantFrom(...NAMES), fc.string({ maxLength: 14 })),
    // A list: kafkajs repeats the header.
    fc.oneof(headerValue, fc.array(headerValue, { minLength: 1, maxLength: 3 })),
    { maxKeys: 5, noNullPrototype: true },
  ),
});
const encodedRecords = fc.array(encodedRecord, { minLength: 1, maxLength: 5 });
const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));

async function encode(records: readonly object[]): Promise<EncodedBatch> {
  const bytes = (await encodeTestBatch({ baseOffset: 7n, records })).subarray(RECORDS_AT);
  return { topic: 't', partition: 3, baseOffset: 7n, timestampMs: 1_000, hasAppendTime: false, bytes };
}

/** The records before the first one that does not add up. */
function readLazily(batch: EncodedBatch, count: number): ConsumedRecord[] {
  const cursor = new RecordCursor(batch, ENOUGH_ITEMS);
  const records: ConsumedRecord[] = [];
  while (records.length < count) {
    const record = cursor.next();
    if (record === undefined) break;
    records.push(record);
  }
  return records;
}

function partsOf(record: ConsumedRecord) {
  const { topic, partition, offset, timestampMs, key, value, headers } = record;
  const texts = NAMES.map((name) => headerText(record, name));
  return {
    topic,
    partition,
    offset,
    timestampMs,
    key,
    value,
    headers: { ...headers },
    keyText: keyText(record),
    texts,
  };
}

test('a record that is read when it is asked for tells what one tells that was decoded at once', async () => {
  await fc.assert(
    fc.asyncProperty(encodedRecords, async (records) => {
      const batch = await encode(records);
      const eager = decodeEagerly(batch, records.length);
      const lazy = readLazily(batch, records.length);
      assert.equal(lazy.length, records.length);
      assert.deepEqual(lazy.map(partsOf), eager.map(partsOf));
      assert.deepEqual(lazy.map(partsOf), eager.map(partsOf), 'asked again');
      for (const [index, { headers }] of records.entries()) {
        const repeats = Object.values(headers).some((values) => Array.isArray(values) && values.length > 1);
        const [ours = 0, plain = 0] = [lazy[index], eager[index]].map((record) => record && recordSizeBytes(record));
        assert.ok(repeats ? ours > plain : ours === plain, `charged with ${ours} bytes instead of ${plain}`);
      }
    }),
    { numRuns: 200 },
  );
});

test('whatever bytes a batch holds, it is read as far as it is decoded at once, and tells the same', async () => {
  await fc.assert(
    fc.asyncProperty(
      encodedRecords,
      fc.array(change, { minLength: 1, maxLength: 4 }),
      fc.nat(20),
      async (records, changes, cut) => {
        const batch = await encode(records);
        const bytes = Buffer.from(batch.bytes.subarray(0, Math.max(1, batch.bytes.length - cut)));
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        const broken = { ...batch, bytes };
        const eager = decodeEagerly(broken, records.length);
        const lazy = readLazily(broken, records.length);
        assert.deepEqual(lazy.map(partsOf), eager.map(partsOf));
      },
    ),
    { numRuns: 1_000 },
  );
});

test('asked for one header, a record makes no Buffer of any', async () => {
  const headers = Object.fromEntries(NAMES.map((name) => [name, Buffer.from(name)]));
  const [record] = readLazily(await encode([{ key: Buffer.from('key'), value: Buffer.from('value'), headers }]), 1);
  assert.ok(record !== undefined);
  const { subarray } = Buffer.prototype;
  let made = 0;
  Buffer.prototype.subarray = function (this: Buffer, ...range: Parameters<typeof subarray>) {
    made += 1;
    return subarray.apply(this, range);
  };
  try {
    assert.deepEqual([headerText(record, 'replay-id'), keyText(record)], ['replay-id', 'key']);
    assert.equal(recordSizeBytes(record) > 40, true);
    assert.equal(made, 0);
    assert.equal(String(record.value), 'value');
    assert.equal(made, 1);
  } finally {
    Buffer.prototype.subarray = subarray;
  }
});
