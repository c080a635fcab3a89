import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { layOut, lineText, looksLikeJson, oneLine, prettyText, tokensOf, withoutSpace } from './json-text.ts';

const bounds = { maxLines: 400, maxLength: 20_000 };

test('JSON is laid out with one member a line, and its text is otherwise as it was', () => {
  const text = '{"id":9223372036854775807,"price": 1.10,"tags":["a\\u0041", {}, []],"nested":{"a":null,"b":true}}';
  assert.equal(
    prettyText(text),
    [
      '{',
      '  "id": 9223372036854775807,',
      '  "price": 1.10,',
      '  "tags": [',
      '    "a\\u0041",',
      '    {},',
      '    []',
      '  ],',
      '  "nested": {',
      '    "a": null,',
      '    "b": true',
      '  }',
      '}',
    ].join('\n'),
  );
});

test('a name is told from a string, and what is not JSON is a token too', () => {
  const kinds = Array.from(tokensOf('{"a" : "b", 1e5: nulls, -0.5, NaN "open'), ({ kind, text }) => `${kind} ${text}`);
  assert.deepEqual(kinds, [
    'open {',
    'name "a"',
    'colon :',
    'string "b"',
    'comma ,',
    'number 1e5',
    'colon :',
    'other nulls',
    'comma ,',
    'number -0.5',
    'comma ,',
    'other NaN',
    'string "open',
  ]);
});

test('what lacks its commas stays apart', () => {
  assert.equal(prettyText('{a b 12"c" {'), '{\n  a b 12 "c" {');
});

test('laying out changes whitespace between tokens alone, whatever the text', () => {
  const pieces = fc.array(
    fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      ' ',
      '\n',
      '\t',
      '1',
      '-',
      '.',
      'e5',
      'true',
      'nul',
      'é',
      '\ud800',
    ),
    { maxLength: 60 },
  );
  const texts = fc.oneof(
    fc.json({ maxDepth: 5 }),
    fc.json({ maxDepth: 5 }).map((json) => JSON.stringify(JSON.parse(json), null, 3)),
    fc.string({ unit: 'binary' }),
    pieces.map((all) => all.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      assert.equal(withoutSpace(prettyText(text)), withoutSpace(text));
    }),
    { numRuns: 2_000 },
  );
});

test('what is laid out is the same value, and comes to rest', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (json) => {
      assert.deepEqual(JSON.parse(prettyText(json)), JSON.parse(json));
      assert.equal(prettyText(prettyText(json)), prettyText(json));
    }),
  );
});

test('what was laid out goes onto one line again as the same text', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (json) => {
      const line = oneLine(prettyText(json));
      assert.equal(withoutSpace(line), withoutSpace(json));
      assert.deepEqual(JSON.parse(line), JSON.parse(json));
      assert.ok(!line.includes('\n'));
    }),
  );
  assert.equal(oneLine('[1 2]'), '[1 2]', 'it is not made valid');
});

test('what is left of a cut text is its beginning, within the bounds', () => {
  const cuts = fc.record({ maxLines: fc.integer({ min: 1, max: 20 }), maxLength: fc.integer({ min: 1, max: 200 }) });
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), cuts, (json, cut) => {
      const { lines, isCut } = layOut(json, cut);
      const shown = withoutSpace(lines.map(lineText).join('\n'));
      const whole = withoutSpace(json);
      assert.ok(lines.length <= cut.maxLines && shown.length <= cut.maxLength);
      assert.ok(whole.startsWith(shown));
      assert.equal(isCut, shown !== whole);
    }),
  );
});

test('a megabyte is cut, in whatever form it comes', () => {
  const megabyte = 1_048_576;
  for (const text of [
    `{"a":"${'x'.repeat(megabyte)}"}`,
    `[${'1,'.repeat(megabyte / 2)}1]`,
    '['.repeat(megabyte),
    '"'.repeat(megabyte),
    '\\"'.repeat(megabyte / 2),
    ' '.repeat(megabyte) + '{',
  ]) {
    const { lines } = layOut(text, bounds);
    assert.ok(lines.length <= bounds.maxLines);
    const length = lines.reduce((sum, line) => sum + lineText(line).length, 0);
    assert.ok(length <= bounds.maxLength + bounds.maxLines * 50, `${length} characters`);
  }
});

test('only what begins as an object or a list is taken for JSON', () => {
  assert.deepEqual(['{', ' \n[1]', '"a"', 'GET / HTTP/1.1', ''].map(looksLikeJson), [true, true, false, false, false]);
});
