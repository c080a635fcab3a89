import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findPropertyDefects, maxPropertyDepth, type PropertyMap, type PropertyValue } from './property-value.ts';

function nested(levels: number): PropertyValue {
  let value: PropertyValue = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

test('properties that JSON and 64 bits can hold have no defects', () => {
  const properties: PropertyMap = {
    a: null,
    b: [true, -0, 1e300, 2n ** 63n - 1n, -(2n ** 63n)],
    c: { d: { e: '\ud83d' } },
    deep: nested(maxPropertyDepth),
  };
  assert.deepEqual(findPropertyDefects(properties), []);
});

test('every defect is named, with a pointer to the value', () => {
  const properties = {
    fine: 1,
    'a/b~c': { large: [0, 2n ** 63n] },
    infinite: Number.POSITIVE_INFINITY,
    deep: nested(maxPropertyDepth + 1),
    absent: undefined as unknown as PropertyValue,
  };
  assert.deepEqual(
    findPropertyDefects(properties).map(({ code, path }) => [code, path]),
    [
      ['property.integer-out-of-range', '/a~1b~0c/large/1'],
      ['property.number-not-finite', '/infinite'],
      ['property.too-deep', `/deep${'/0'.repeat(maxPropertyDepth)}`],
      ['property.not-json', '/absent'],
    ],
  );
});

test('nesting beyond any stack is a defect, not a crash', () => {
  const [defect] = findPropertyDefects({ deep: nested(200_000) });
  assert.equal(defect?.code, 'property.too-deep');
});
