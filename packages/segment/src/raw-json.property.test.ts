import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseRawJson } from './raw-json.ts';
import { anyJsonText } from './testing.ts';

test('what is parsed is what JSON.parse gives, but for long integers, whose digits are those of the text', () => {
  fc.assert(
    fc.property(anyJsonText(), (text) => {
      const raw = parseRawJson(text);
      const rounded = JSON.parse(text, (_key, value: unknown) => value) as unknown;
      assert.deepEqual(raw.kind === 'json' ? withRoundedIntegers(raw.value) : undefined, rounded);
    }),
  );
});

test('every integer comes back with its own digits', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), (integer) => {
      const raw = parseRawJson(`{"a":[${integer}]}`);
      assert.equal(raw.kind === 'json' && String((raw.value as { a: [unknown] }).a[0]), String(integer));
    }),
  );
});

function withRoundedIntegers(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(withRoundedIntegers);
  if (typeof value !== 'object' || value === null) return value;
  const rounded: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    Object.defineProperty(rounded, name, {
      value: withRoundedIntegers(member),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return rounded;
}
