import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { decodeChunk, encodeChunk } from './chunk-codec.ts';
import { anyDelivery, delivery } from '../testing/deliveries.ts';

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
      fc.pre(version !== 1);
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
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        decodeChunk(Buffer.concat([Buffer.of(1), bytes])).deliveries();
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
