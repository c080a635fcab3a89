import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { partitionFor } from './partitioner.ts';

test('keys go to the partitions that the Java client would choose', () => {
  // murmur2 of org.apache.kafka.common.utils.Utils, masked and taken modulo; vectors of UtilsTest.testMurmur2.
  const hashes: Record<string, number> = {
    '21': -973_932_308,
    foobar: -790_332_482,
    'a-little-bit-long-string': -985_981_536,
    'a-little-bit-longer-string': -1_486_304_829,
    lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58_897_971,
  };
  for (const [key, hash] of Object.entries(hashes)) {
    for (const count of [1, 6, 12, 1_000]) {
      assert.equal(partitionFor(Buffer.from(key), count), (hash & 0x7f_ff_ff_ff) % count, `${key} of ${count}`);
    }
  }
});

test('with several times as many partitions, the keys of a partition go to it and to those a multiple of the old count on', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 80 }),
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 20 }),
      (key, count, times) => {
        const before = partitionFor(Buffer.from(key), count);
        assert.equal(partitionFor(Buffer.from(key), times * count) % count, before);
      },
    ),
  );
});

test('a record without a key goes to partition 0', () => {
  assert.equal(partitionFor(null, 6), 0);
});
