import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson, stringifyJson, type JsonValue } from './index.ts';

test('whole numbers beyond 2^53 keep every digit', () => {
  const text = '{"id":9007199254740993,"list":[-9223372036854775808,18446744073709551616]}';
  assert.deepEqual(parseJson(text), {
    id: 9007199254740993n,
    list: [-9223372036854775808n, 18446744073709551616n],
  });
  assert.equal(stringifyJson(parseJson(text)), text);
});

test('numbers that are exact in a double, or not whole, are numbers', () => {
  assert.deepEqual(
    parseJson('[9007199254740991, 0.12345678901234567, 1e22, 12345678901234567890.5, -0]'),
    [9007199254740991, 0.12345678901234567, 1e22, 12345678901234567890.5, -0],
  );
});

test('a property named __proto__ is an own property, with and without large numbers in the text', () => {
  for (const text of ['{"__proto__":{"a":1}}', '{"__proto__":{"a":9007199254740993}}']) {
    const value = parseJson(text);
    assert.deepEqual(Object.keys(value as object), ['__proto__']);
    assert.equal(stringifyJson(value), text);
  }
});

test("malformed text and cycles are refused as by the platform's JSON", () => {
  assert.throws(() => parseJson('{"a":12345678901234567'), SyntaxError);
  const cycle: JsonValue[] = [];
  cycle.push(cycle);
  assert.throws(() => stringifyJson(cycle), TypeError);
});
