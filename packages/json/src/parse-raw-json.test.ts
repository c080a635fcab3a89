import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRawJson } from './parse-json.ts';

const parsed = (text: string) => {
  const result = parseRawJson(text);
  return result.kind === 'json' ? result.value : 'malformed';
};

test('integers beyond 2^53 keep every digit', () => {
  assert.equal(parsed('9007199254740993'), 9007199254740993n);
  assert.deepEqual(parsed('{"id": 12345678901234567890, "of": [-9007199254740993]}'), {
    id: 12345678901234567890n,
    of: [-9007199254740993n],
  });
});

test('safe integers, fractions and exponents stay numbers beside a long integer', () => {
  assert.deepEqual(parsed('[9007199254740991, 329, 830.0, 1e22, 0.1234567890123456789, 12345678901234567890]'), [
    9007199254740991,
    329,
    830,
    1e22,
    0.12345678901234568,
    12345678901234567890n,
  ]);
});

test('digits in strings are text', () => {
  assert.deepEqual(parsed('{"card":"1234567890123456789","dashed":"-12345678901234567890"}'), {
    card: '1234567890123456789',
    dashed: '-12345678901234567890',
  });
});

test('malformed text and text too deep for the reviver are malformed, not thrown', () => {
  assert.equal(parsed('{"a":'), 'malformed');
  assert.equal(parsed(`${'['.repeat(200_000)}12345678901234567890${']'.repeat(200_000)}`), 'malformed');
});

test('an integer of hundreds of thousands of digits stays a number, whose digits nobody has to work out', () => {
  assert.deepEqual(parsed(`[${'9'.repeat(1_025)},${'9'.repeat(500_000)},${'9'.repeat(1_024)}]`), [
    Infinity,
    Infinity,
    BigInt('9'.repeat(1_024)),
  ]);
});
