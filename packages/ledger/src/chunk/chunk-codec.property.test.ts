import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import type { FailedAttempts } from '../failed-attempts.ts';
import { encodeAttempts } from './attempts-codec.ts';
import { decodeChunk, encodeChunk } from './chunk-codec.ts';
import { anyDelivery, delivery } from '../testing/deliveries.ts';

const attempts: fc.Arbitrary<FailedAttempts> = fc.record(
  {
    commandId: fc.stringMatching(/^[0-9a-f]{32}$/),
    offset: fc.bigInt({ min: 0n, max: 2n ** 48n - 1n }),
    count: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    firstAtMs: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
    spentMs: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
    atMs: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  },
  { noNullPrototype: true },
);

test('failed attempts are read back as they were packed, in a chunk without deliveries; a part of it is damaged', () => {
  fc.assert(
    fc.property(fc.array(attempts, { minLength: 1, maxLength: 20 }), fc.nat(), (packed, cut) => {
      const bytes = encodeAttempts(packed);
      const chunk = decodeChunk(bytes);
      assert.deepEqual([chunk.attempts, chunk.deliveries(), chunk.count], [packed, [], 0]);
      assert.equal(chunk.newestAtMs, Math.max(...packed.map(({ atMs }) => atMs)));
      const part = bytes.subarray(0, 1 + (cut % (bytes.length - 1)));
      assert.throws(
        () => decodeChunk(part),
        (error) => isPipelineError(error, 'ledger.damaged'),
      );
    }),
  );
  assert.throws(() => encodeAttempts([]), RangeError);
});

const deliveries = fc.array(anyDelivery, { minLength: 1, maxLength: 60 });

test('what is packed is read back, each delivery by itself and all of them', () => {
  fc.assert(
    fc.property(deliveries, (packed) => {
      const chunk = decodeChunk(encodeChunk(packed));
      assert.deepEqual(chunk.deliveries(), packed);
      assert.equal(chunk.newestAtMs, Math.max(...packed.map(({ atMs }) => atMs)));
    }),
  );
});

test('a chunk with a part missing, or with bytes behind it, is refused as damaged', () => {
  fc.assert(
    fc.property(deliveries, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 9 }), (packed, cut, more) => {
      const bytes = encodeChunk(packed);
      const short = bytes.subarray(0, cut % bytes.length);
      for (const bad of [short, Buffer.concat([bytes, more])]) {
        assert.throws(
          () => decodeChunk(bad),
          (error) => isPipelineError(error, 'ledger.damaged'),
        );
      }
    }),
  );
});

test('a chunk of any other version is refused as an unknown format', () => {
  fc.assert(
    fc.property(deliveries, fc.integer({ min: 0, max: 255 }), (packed, version) => {
      fc.pre(version !== 1 && version !== 2);
      const bytes = encodeChunk(packed);
      bytes[0] = version;
      assert.throws(
        () => decodeChunk(bytes),
        (error) => isPipelineError(error, 'ledger.unknown-format') && !error.retryable,
      );
    }),
  );
});

test('no bytes whatever lead to anything but a chunk or a refusal with a code', () => {
  fc.assert(
    fc.property(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 200 }), (version, bytes) => {
      try {
        decodeChunk(Buffer.concat([Buffer.of(version), bytes])).deliveries();
      } catch (error) {
        assert.ok(isPipelineError(error, 'ledger.damaged'), String(error));
      }
    }),
    { numRuns: 1_000 },
  );
});

test('a number that the format cannot hold is refused, not cut', () => {
  for (const fields of [{ offset: 2n ** 48n }, { offset: -1n }, { atMs: 0.5 }, { atMs: -1 }, { status: 65_536 }]) {
    assert.throws(() => encodeChunk([delivery(1, fields)]), RangeError);
  }
  assert.throws(() => encodeChunk([]), RangeError);
});

test('a delivery takes about 20 bytes among hundreds, and about 60 alone', () => {
  const many = Array.from({ length: 500 }, (_, index) => delivery(index, { offset: BigInt(index), atMs: index % 5 }));
  assert.ok(encodeChunk(many).length / many.length < 20.2);
  assert.ok(encodeChunk(many.slice(0, 1)).length < 60);
});
