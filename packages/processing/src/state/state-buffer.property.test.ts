import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordSizeBytes } from '@astrolabe/records';
import { consumedRecord } from '@astrolabe/records/testing';
import fc from 'fast-check';
import { RecordBuffer } from './state-buffer.ts';

type Step =
  | { readonly kind: 'add'; readonly offsets: number }
  | { readonly kind: 'take' }
  | { readonly kind: 'release'; readonly share: number }
  | { readonly kind: 'rewind'; readonly share: number };

const share = fc.double({ min: 0, max: 1, noNaN: true });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), offsets: fc.integer({ min: 1, max: 3_000 }) }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('take' as const) }) },
  fc.record({ kind: fc.constant('release' as const), share }),
  fc.record({ kind: fc.constant('rewind' as const), share }),
);

/** Each fifth offset has no record. */
const recordOffsets = (from: bigint, to: bigint): bigint[] =>
  Array.from({ length: Number(to - from) }, (_, index) => from + BigInt(index)).filter((offset) => offset % 5n !== 4n);

test('in any order of adding, taking, releasing and going back: each offset from the position on, once, in order, within the limits', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 1, max: 2_000 }),
      fc.integer({ min: 1, max: 50_000 }),
      (steps, maxBatchRecords, maxBatchBytes) => {
        const buffer = new RecordBuffer({ maxBatchRecords, maxBatchBytes });
        let [released, taken, added] = [0n, 0n, 0n];
        const between = (share: number) => released + BigInt(Math.floor(Number(taken - released) * share));
        for (const step of steps) {
          switch (step.kind) {
            case 'add': {
              const end = added + BigInt(step.offsets);
              buffer.add(
                recordOffsets(added, end).map((offset) => consumedRecord({ offset })),
                end,
              );
              added = end;
              break;
            }
            case 'take': {
              const batch = buffer.take();
              assert.equal(batch === undefined, taken === added);
              if (batch === undefined) break;
              assert.ok(batch.records.length <= maxBatchRecords);
              const bytes = batch.records.reduce((sum, record) => sum + recordSizeBytes(record), 0);
              assert.ok(bytes <= maxBatchBytes || batch.records.length === 1);
              assert.deepEqual(
                batch.records.map(({ offset }) => offset),
                recordOffsets(taken, batch.nextOffset),
              );
              assert.ok(batch.nextOffset > taken);
              taken = batch.nextOffset;
              break;
            }
            case 'release':
              released = between(step.share);
              buffer.releaseBelow(released);
              break;
            case 'rewind':
              released = between(step.share);
              taken = released;
              buffer.rewindTo(released);
          }
          assert.equal(buffer.hasMore, taken < added);
          assert.equal(buffer.recordCount, recordOffsets(released, added).length);
          assert.equal(buffer.sizeBytes, buffer.recordCount * recordSizeBytes(consumedRecord()));
        }
      },
    ),
    { numRuns: 100 },
  );
});

test('a position that lies ahead of what is in hand lets what comes below it pass by', () => {
  const buffer = new RecordBuffer({ maxBatchRecords: 10, maxBatchBytes: 10_000 });
  buffer.add([consumedRecord({ offset: 0n })], 1n);
  buffer.rewindTo(3n);
  assert.equal(buffer.take(), undefined);
  buffer.add(
    [1n, 2n, 3n, 4n].map((offset) => consumedRecord({ offset })),
    5n,
  );
  assert.deepEqual(
    buffer.take()?.records.map(({ offset }) => offset),
    [3n, 4n],
  );
});
