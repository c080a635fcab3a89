import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseRawJson } from './index.ts';
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

test('every integer comes back with its own digits, wherever in the text it stands and whatever digits are before it', () => {
  const text = fc.oneof(
    fc.string(),
    fc.stringMatching(/^[0-9]{0,80}$/),
    fc.stringMatching(/^[0-9]{0,20}-[0-9]{0,20}$/),
  );
  const space = fc.constantFrom('', ' ', '\t', '\n', '\r\n');
  fc.assert(
    fc.property(text, space, fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), (before, gap, integer) => {
      const raw = parseRawJson(`{"b":${JSON.stringify(before)},"a":[1,${gap}${integer}]}`);
      assert.equal(raw.kind === 'json' && String((raw.value as { a: [1, unknown] }).a[1]), String(withinSafe(integer)));
    }),
    { numRuns: 2000 },
  );
});

function withinSafe(integer: bigint): bigint | number {
  return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
}

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
