import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pixelBody } from './pixel.ts';

/** Its Base64 has both characters in which the alphabets differ, and padding. */
const json = '{"userId":"u1","event":"Opened\u00ff\u00be?>~~"}';
const encoded = Buffer.from(json).toString('base64');

const queries: Readonly<Record<string, readonly [query: string, body: string]>> = {
  Base64: [`data=${encodeURIComponent(encoded)}`, json],
  'Base64 that was not escaped': [`data=${encoded}`, json],
  'Base64 of URLs': [`data=${Buffer.from(json).toString('base64url')}`, json],
  'plain JSON': [`data=${encodeURIComponent(json)}`, json],
  fields: [
    'userId=user_123&event=Email+Opened&properties.subject=The%20Daily&properties.a.b=1',
    '{"userId":"user_123","event":"Email Opened","properties":{"subject":"The Daily","a":{"b":"1"}}}',
  ],
  'a field that is a value and an object': ['a=1&a.b=2&a=3', '{"a":{"b":"2"}}'],
  '__proto__ as a field': ['__proto__.x=1&constructor=2', '{"__proto__":{"x":"1"},"constructor":"2"}'],
  nothing: ['', '{}'],
  'what is neither': ['data=%7Bnonsense', '{nonsense'],
};

for (const [name, [query, body]] of Object.entries(queries)) {
  test(`a pixel's event is read from ${name}`, () => {
    assert.equal(pixelBody(query).toString(), body);
    assert.equal(({} as { x?: string }).x, undefined);
  });
}

test('fields nest no deeper than an event may', () => {
  const body = pixelBody(`${'a.'.repeat(5_000)}a=1`).toString();
  assert.equal(body.split('{').length - 1, 64);
});
