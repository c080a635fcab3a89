import assert from 'node:assert/strict';
import { test } from 'node:test';
import { consumedRecord } from '@astrolabe/records/testing';
import fc from 'fast-check';
import { NewestRecords } from './newest-records.ts';

test('the newest are kept, whatever order they come in, and the others are counted', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(1_000), { maxLength: 60 }), fc.integer({ min: 1, max: 10 }), (times, max) => {
      const found = new NewestRecords(max);
      for (const timestampMs of times) found.add('event', consumedRecord({ timestampMs }));
      const { kept, leftOut } = found.all();
      const newest = times.toSorted((a, b) => b - a).slice(0, max);
      assert.deepEqual(
        kept.map(({ record }) => record.timestampMs).toSorted((a, b) => b - a),
        newest,
      );
      assert.equal(leftOut, times.length - newest.length);
    }),
  );
});

test('records of a megabyte each do not fill the memory: the newest are kept as far as they fit', () => {
  const found = new NewestRecords(500, 5_000);
  for (let timestampMs = 0; timestampMs < 40; timestampMs += 1) {
    found.add('event', consumedRecord({ timestampMs, value: Buffer.alloc(1_000) }));
  }
  const { kept, leftOut } = found.all();
  assert.deepEqual(
    kept.map(({ record }) => record.timestampMs),
    [39, 38, 37, 36],
  );
  assert.equal(leftOut, 36);
  const large = new NewestRecords(500, 10);
  large.add('event', consumedRecord({ value: Buffer.alloc(1_000) }));
  assert.equal(large.all().kept.length, 1);
});

test('without a bound all are kept, as copies of what was fetched', () => {
  const found = new NewestRecords(undefined);
  const fetched = Buffer.from('{"type":"track"}');
  found.add('event', consumedRecord({ value: fetched.subarray(0) }));
  fetched.fill(0);
  const { kept, leftOut } = found.all();
  assert.deepEqual([kept[0]?.record.value?.toString(), leftOut], ['{"type":"track"}', 0]);
});
