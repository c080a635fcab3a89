import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeUtf8 } from './text-encoding.ts';

const reasonOf = (bytes: Buffer): string => {
  const decoded = decodeUtf8(bytes);
  return decoded.kind === 'not-utf8' ? decoded.reason : assert.fail('it was taken');
};

test('one byte order mark is ignored, and the second is part of the text', () => {
  const one = decodeUtf8(Buffer.from('\ufeff{}'));
  assert.ok(one.kind === 'text');
  assert.deepEqual([one.text, one.bytes.toString()], ['{}', '{}']);
  const many = decodeUtf8(Buffer.from('\ufeff'.repeat(200_000)));
  assert.ok(many.kind === 'text');
  assert.equal(many.text.length, 199_999);
});

test('bytes that are not UTF-8 are refused with the first of them, its place and what to do', () => {
  assert.equal(
    reasonOf(Buffer.from('{"userId":"ren\xe9"}', 'latin1')),
    'is not UTF-8: byte 0xE9 at position 14 is not part of any character; JSON must be sent as UTF-8 (RFC 8259 section 8.1): encode the text as UTF-8',
  );
  const afterReplacements = Buffer.concat([Buffer.from('"é\ufffd\ufffd'), Buffer.from([0xff]), Buffer.from('\ufffd"')]);
  assert.match(reasonOf(afterReplacements), /byte 0xFF at position 9 /);
  for (const [bytes, at] of [
    [[0x22, 0xc3, 0x22], 1],
    [[0x22, 0xed, 0xa0, 0x80, 0x22], 1],
    [[0xc0, 0x80], 0],
    [[0x20, 0xf0, 0x9f, 0x98], 1],
  ] as const) {
    assert.match(reasonOf(Buffer.from(bytes)), new RegExp(`at position ${at} `), bytes.join());
  }
});

test('UTF-16 and UTF-32 are named, with and without their byte order mark', () => {
  const text = '{"userId":"u"}';
  const little = Buffer.from(text, 'utf16le');
  const big = Buffer.from(little).swap16();
  assert.match(reasonOf(Buffer.concat([Buffer.from([0xff, 0xfe]), little])), /mark of UTF-16 \(little endian\)/);
  assert.match(reasonOf(Buffer.concat([Buffer.from([0xfe, 0xff]), big])), /mark of UTF-16 \(big endian\)/);
  assert.match(reasonOf(Buffer.from([0xff, 0xfe, 0, 0, 0x7b, 0, 0, 0])), /mark of UTF-32 \(little endian\)/);
  assert.match(reasonOf(Buffer.from([0, 0, 0xfe, 0xff, 0, 0, 0, 0x7b])), /mark of UTF-32 \(big endian\)/);
  for (const bytes of [little, big]) assert.match(reasonOf(bytes), /looks like UTF-16/);
});

test('any bytes are text exactly where they are UTF-8, and the place that a refusal names is the first that is not', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.string({ unit: 'binary' }), (random, text) => {
      const bytes = Buffer.concat([Buffer.from(text.toWellFormed()), random]);
      const decoded = decodeUtf8(bytes);
      if (decoded.kind === 'text') {
        assert.ok(isUtf8(bytes) && Buffer.from(decoded.text).equals(decoded.bytes));
        return;
      }
      const [, place] = /at position (\d+) /.exec(decoded.reason) ?? [];
      if (place === undefined) return;
      const at = Number(place);
      assert.ok(isUtf8(bytes.subarray(0, at)), 'what comes before it is text');
      for (let length = 1; length <= 4; length += 1) {
        if (at + length <= bytes.length)
          assert.ok(!isUtf8(bytes.subarray(at, at + length)), 'no character begins there');
      }
    }),
  );
});
