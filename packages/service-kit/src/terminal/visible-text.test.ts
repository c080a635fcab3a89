import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatTable } from './table.ts';
import { visibleJson, visibleLine, visibleLines } from './visible-text.ts';

test('characters that a terminal obeys or hides are made visible, and ordinary text is unchanged', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['\u001b]0;owned\u0007', '\\u001b]0;owned\\u0007'],
    ['\u001b[2J', '\\u001b[2J'],
    ['a\r\nb\tc', 'a\\u000d\\u000ab\\u0009c'],
    ['\u009b31m', '\\u009b31m'],
    ['\u007f\u0000', '\\u007f\\u0000'],
    ['user\u202egnp.exe', 'user\\u202egnp.exe'],
    ['a\u200bb\u2060c\ufeffd\u00ade', 'a\\u200bb\\u2060c\\ufeffd\\u00ade'],
    ['\u2066x\u2069\u200e', '\\u2066x\\u2069\\u200e'],
    ['one\u2028two\u2029', 'one\\u2028two\\u2029'],
    ['\u{e0041}', '\\u{e0041}'],
    ['\u3164\u115f', '\\u3164\\u115f'],
    ['\ud800', '\\ud800'],
    ['Żółw 東京 😀 "Signed Up" é', 'Żółw 東京 😀 "Signed Up" é'],
  ];
  for (const [text, shown] of cases) assert.equal(visibleLine(text), shown);
  assert.equal(visibleLines('one\n\u001btwo'), 'one\n\\u001btwo');
});

/** Every second character is one that must not be shown as it is: among all of Unicode they are next to never drawn. */
const hidden = fc.constantFrom(
  ...[
    '\n',
    '\u001b',
    '\u007f',
    '\u009b',
    '\u200b',
    '\u202e',
    '\u2028',
    '\u2066',
    '\ufeff',
    '\ud800',
    '\ue000',
    '\u{e0041}',
  ],
);
const unit = fc.oneof(hidden, fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }));
const anyText = fc.string({ unit });

test('no text of any kind brings a control or an invisible character to the terminal, however often it is made visible', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const shown = visibleLine(text);
      assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/u);
      assert.equal(visibleLine(shown), shown);
    }),
  );
});

test('JSON made visible is the same value, and has no character but line breaks and blanks that cannot be seen', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: unit }), (value) => {
      const shown = visibleJson(JSON.stringify(value, null, '\t'));
      assert.deepEqual(JSON.parse(shown), JSON.parse(JSON.stringify(value)));
      assert.doesNotMatch(shown, /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/u);
    }),
  );
});

test('the columns of a table are as wide as what is shown', () => {
  const [head, first, second] = formatTable(
    ['NAME', 'NEXT'],
    [
      ['\u001b[31mred', 'a'],
      ['plain', 'b'],
    ],
  );
  assert.equal(first, '\\u001b[31mred  a');
  assert.equal(head?.indexOf('NEXT'), first.indexOf('a'));
  assert.equal(second?.indexOf('b'), first.indexOf('a'));
});
