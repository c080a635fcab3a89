import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseJsonPaths, type JsonPath } from './json-path.ts';
import { maskText } from './mask-text.ts';

function paths(text: string): readonly JsonPath[] {
  const parsed = parseJsonPaths(text);
  assert.ok(parsed !== undefined, text);
  return parsed;
}

function masked(text: string, at: string): string {
  return maskText(text, paths(at)).text;
}

test('a value that a path names is hidden, and everything else stays byte for byte', () => {
  const text = '{ "id": 9223372036854775807, "x": 1.0e0,\n "traits" : {"email":"a@b.c", "age":\t7} }';
  assert.equal(
    masked(text, '$.traits.email'),
    '{ "id": 9223372036854775807, "x": 1.0e0,\n "traits" : {"email":"***", "age":\t7} }',
  );
});

for (const [path, text, expected] of [
  ['$.a', '{"a":{"b":[1,{"c":"}"}]},"b":2}', '{"a":"***","b":2}'],
  ['$..email', '{"email":1,"a":[{"email":{"x":[]}}, "email"]}', '{"email":"***","a":[{"email":"***"}, "email"]}'],
  ['$.items[*].sku', '{"items":[{"sku":"a","n":1},{"sku":null}]}', '{"items":[{"sku":"***","n":1},{"sku":"***"}]}'],
  ['$.items[1]', '{"items":[0,1,2]}', '{"items":[0,"***",2]}'],
  ['$.*', '{"a":-1.5e3 ,"b":true}', '{"a":"***" ,"b":"***"}'],
  ['$..[0]', '[[1,2],[[3]]]', '["***",["***"]]'],
  [`$['a "name"']`, String.raw`{"a \"name\"":"secret"}`, String.raw`{"a \"name\"":"***"}`],
  ['$.email', String.raw`{"em\u0061il":"secret"}`, String.raw`{"em\u0061il":"***"}`],
  ['$.email', '{"email":"one","email":"two"}', '{"email":"***","email":"***"}'],
  ['$.a, $.b', '{"a":1,"b":2,"c":3}', '{"a":"***","b":"***","c":3}'],
  ['$..a.b', '{"a":{"a":{"b":1}},"b":2}', '{"a":{"a":{"b":"***"}},"b":2}'],
  ['$.a', '"a string"', '"a string"'],
  ['$.a', '{}', '{}'],
  ['$[0]', '[]', '[]'],
] as const) {
  test(`${path} hides of ${text} what it names`, () => {
    assert.equal(masked(text, path), expected);
  });
}

test('a text that is not JSON is hidden as a whole: no path can be followed in it', () => {
  for (const text of ['', 'email=a@b.c', '{"email":"a@b.c"', '{"a":1}}', '['.repeat(100_000)]) {
    assert.deepEqual(maskText(text, paths('$.email')), { text: '"***"', hidden: 1 });
  }
});

test('without paths every text stays as it is', () => {
  assert.deepEqual(maskText('not { JSON', []), { text: 'not { JSON', hidden: 0 });
});

test('the count says how many values were hidden', () => {
  assert.equal(maskText('{"a":[{"x":1},{"x":2}]}', paths('$..x')).hidden, 2);
});

test('what is not a path is refused', () => {
  for (const text of [
    '',
    'traits.email',
    '$',
    '$.',
    '$.a,',
    '$.a $.b',
    '$[?(@.a)]',
    '$[0:2]',
    '$.a[',
    "$['a]",
    '$...a',
  ]) {
    assert.equal(parseJsonPaths(text), undefined, text);
  }
});

test('no value of a hidden name is left, whatever the document', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.integer({ min: 0, max: 2 }), (value, indent) => {
      const text = JSON.stringify({ secret: value, deep: [{ secret: value, kept: value }] }, null, indent);
      const result = maskText(text, paths('$..secret'));
      const mask = (one: unknown): unknown => {
        if (Array.isArray(one)) return one.map(mask);
        if (typeof one !== 'object' || one === null) return one;
        return Object.fromEntries(
          Object.entries(one).map(([name, inner]) => [name, name === 'secret' ? '***' : mask(inner)]),
        );
      };
      assert.deepEqual(JSON.parse(result.text), mask(JSON.parse(text)));
    }),
  );
});
