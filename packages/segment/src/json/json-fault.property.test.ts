import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findJsonFault } from './json-fault.ts';
import { anyJsonText } from '../testing.ts';

/** Valid text with one character put in, taken out or replaced: mostly invalid, sometimes not. */
const damagedText = fc
  .tuple(anyJsonText(), fc.nat(), fc.nat(2), fc.constantFrom(...Array.from('{}[],:"\\ 0-e.tn\u0001')))
  .map(([text, position, kind, character]) => {
    const at = position % (text.length + 1);
    return text.slice(0, at) + (kind === 0 ? '' : character) + text.slice(kind === 1 ? at : at + 1);
  });

test('a fault is found if and only if JSON.parse refuses the text, and it lies within the text', () => {
  fc.assert(
    fc.property(fc.oneof(anyJsonText(), damagedText, fc.string()), (text) => {
      const fault = findJsonFault(text);
      assert.equal(fault === undefined, isJson(text));
      if (fault !== undefined) assert.ok(fault.offset >= 0 && fault.offset <= text.length);
    }),
    { numRuns: 1000 },
  );
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
