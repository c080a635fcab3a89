import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findJsonFault } from './json-fault.ts';

test('a fault is placed by character, line and column', () => {
  assert.deepEqual(findJsonFault('{\n  "a": 1,\n}'), {
    offset: 12,
    line: 3,
    column: 1,
    reason: "found '}', expected a property name in double quotes",
  });
});

const faults: readonly (readonly [text: string, offset: number, reason: string])[] = [
  ['', 0, 'found the end of the text, expected a value'],
  ['[1, ]', 4, "found ']', expected a value"],
  ['[1 2]', 3, `found '2', expected "," or "]" after the array element`],
  ['{"a" 1}', 5, `found '1', expected ":" after the property name`],
  ["{'a':1}", 1, `found ''', expected a property name in double quotes or "}"`],
  ['{"a":1', 6, 'found the end of the text, expected "," or "}" after the property value'],
  ['{}{}', 2, "found '{', expected nothing more after the value"],
  ['01', 1, "found '1', expected nothing more after the value"],
  ['[tru]', 1, `found 't', expected a value or "]"`],
  ['"a\nb"', 2, 'control character U+000A inside a string'],
  ['"\\x"', 2, "'x' cannot follow a backslash"],
  ['"\\u12g4"', 5, 'a \\u escape needs four hexadecimal digits'],
  ['"abc', 4, 'the text ends inside a string'],
  ['[NaN]', 1, `found 'N', expected a value or "]"`],
  ['\u00a0{}', 0, 'found U+00A0, expected a value'],
];

for (const [text, offset, reason] of faults) {
  test(`the fault of ${JSON.stringify(text)} is found at ${offset}`, () => {
    const fault = findJsonFault(text);
    assert.deepEqual([fault?.offset, fault?.reason], [offset, reason]);
  });
}

test('text nested as deep as a request can be does not throw', () => {
  assert.equal(findJsonFault('['.repeat(500_000))?.offset, 500_000);
});
