import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findMember, measureValue, readElements, readMembers, skipWhitespace, type MeasuredSpan } from './json-text.ts';
import { anyJsonText } from '../testing.ts';

test('a scanned value ends where its text ends', () => {
  fc.assert(
    fc.property(anyJsonText(), (text) => {
      const bytes = Buffer.from(text, 'utf8');
      const { start, end } = measureValue(bytes, skipWhitespace(bytes, 0));
      assert.equal(bytes.toString('utf8', start, end), text.trim());
    }),
  );
});

test('the elements cut out of an array parse to those of JSON.parse', () => {
  fc.assert(
    fc.property(fc.array(anyJsonText(), { maxLength: 6 }), (texts) => {
      const text = `[${texts.join(',')}]`;
      const bytes = Buffer.from(text, 'utf8');
      const elements: MeasuredSpan[] = [];
      assert.equal(readElements(bytes, 0, elements), bytes.length);
      const cut = elements.map(({ start, end }): unknown => JSON.parse(bytes.toString('utf8', start, end)));
      assert.deepEqual(cut, JSON.parse(text));
    }),
  );
});

test('the members cut out of an object parse to those of JSON.parse', () => {
  fc.assert(
    fc.property(
      anyJsonText().filter((text) => text.trim().startsWith('{')),
      (text) => {
        const bytes = Buffer.from(text, 'utf8');
        const members = readMembers(bytes, skipWhitespace(bytes, 0));
        const expected = JSON.parse(text) as Record<string, unknown>;
        assert.deepEqual(new Set(members.keys()), new Set(Object.keys(expected)));
        for (const { name, start, end } of members.values()) {
          assert.deepEqual(JSON.parse(bytes.toString('utf8', start, end)), expected[name]);
        }
      },
    ),
  );
});

test('a member looked up by name equals that from reading all members', () => {
  fc.assert(
    fc.property(
      anyJsonText().filter((text) => text.trim().startsWith('{')),
      (text) => {
        const bytes = Buffer.from(text, 'utf8');
        const start = skipWhitespace(bytes, 0);
        const members = readMembers(bytes, start);
        for (const name of ['a', 'A', 'ab', '', '__proto__']) {
          assert.deepEqual(findMember(bytes, start, name), members.get(name), name);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('depth and member count are those of the parsed value when no name repeats', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const { depth, members } = measureValue(Buffer.from(JSON.stringify(value), 'utf8'), 0);
      assert.deepEqual({ depth, members }, measureParsed(JSON.parse(JSON.stringify(value))));
    }),
  );
});

function measureParsed(value: unknown): { depth: number; members: number } {
  if (typeof value !== 'object' || value === null) return { depth: 0, members: 0 };
  const children = Object.values(value).map(measureParsed);
  return {
    depth: 1 + Math.max(0, ...children.map(({ depth }) => depth)),
    members: children.reduce((sum, { members }) => sum + members, Array.isArray(value) ? 0 : children.length),
  };
}
