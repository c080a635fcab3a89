import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createKeyRedactor } from './redact-key.ts';

const KEY = 'sk/live<&>"\'\\+%a.b$c';

const encoders: Readonly<Record<string, (text: string) => string>> = {
  plain: (text) => text,
  JSON: (text) => JSON.stringify(text),
  "Go's JSON": (text) => JSON.stringify(text).replace(/[<>&]/g, (each) => `\\u00${each.charCodeAt(0).toString(16)}`),
  "PHP's JSON": (text) => JSON.stringify(text).replaceAll('/', '\\/'),
  'JSON without ASCII': (text) =>
    Array.from(text, (each) => `\\u${each.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`).join(''),
  URL: encodeURIComponent,
  HTML: (text) =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&#34;'),
};

for (const [name, encode] of Object.entries(encoders)) {
  test(`a key written as ${name} is taken out of a text, and nothing else is`, () => {
    const quotes = name.includes('JSON') && !name.includes('without') ? '"' : '';
    assert.equal(
      createKeyRedactor(KEY)(`sent ${encode(KEY)}, twice: ${encode(KEY)}.`),
      `sent ${quotes}[redacted]${quotes}, twice: ${quotes}[redacted]${quotes}.`,
    );
    assert.equal(createKeyRedactor(KEY)(encode('sk/livid<&>"')), encode('sk/livid<&>"'));
  });
}

test('whatever printable characters a key has, it is found, and its text is never taken for a pattern', () => {
  const printable = fc.integer({ min: 0x21, max: 0x7e }).filter((code) => code !== 0x3a);
  // A key of quotes and backslashes alone is found in the quotes around it as well.
  const anyKey = fc
    .array(printable, { minLength: 1, maxLength: 40 })
    .map((codes) => String.fromCharCode(...codes))
    .filter((key) => /[^"\\]/.test(key));
  fc.assert(
    fc.property(anyKey, fc.constantFrom(...Object.values(encoders)), (key, encode) => {
      const redacted = createKeyRedactor(key)(`\u00e4 ${encode(key)} \u00e4`);
      assert.match(redacted, /^\u00e4 "?\[redacted\]"? \u00e4$/);
    }),
    {
      examples: [
        ['a%', encodeURIComponent],
        ['a&', encoders.HTML ?? String],
      ],
    },
  );
});
