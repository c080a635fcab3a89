import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_LINE_BYTES } from './source-line.ts';
import { splitValues } from './split-values.ts';

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function split(text: string, size = 65_536): Promise<string[]> {
  const values: string[] = [];
  for await (const group of splitValues(inChunks(Buffer.from(text), size))) {
    for (const { number, bytes, unit } of group) {
      assert.deepEqual([number, unit], [values.length + 1, 'event']);
      values.push(bytes.toString());
    }
  }
  return values;
}

const anyObject = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue());

test('objects come out byte for byte, however they are laid out, joined and cut into pieces', async () => {
  const layouts: readonly ((texts: readonly string[]) => string)[] = [
    (texts) => texts.join(''),
    (texts) => texts.join('\n'),
    (texts) => `[${texts.join(',')}]`,
    (texts) => `\ufeff[\r\n  ${texts.join(' ,\r\n  ')}\r\n]\r\n`,
    (texts) => texts.map((text) => `\u001e${text}\n`).join(''),
    (texts) => `[${texts.join(',')}]\n\ufeff[]`,
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyObject, { maxLength: 5 }),
      fc.constantFrom(...layouts),
      fc.constantFrom(undefined, 2),
      fc.integer({ min: 1, max: 40 }),
      async (objects, layout, indent, size) => {
        const texts = objects.map((object) => JSON.stringify(object, null, indent));
        assert.deepEqual(await split(layout(texts), size), texts);
      },
    ),
  );
});

test('a value that is not an object is given by itself, and the values after it are whole', async () => {
  assert.deepEqual(await split('[{"a":1},5,"x",[1,2],null,{"b":2}]', 3), [
    '{"a":1}',
    '5',
    '"x"',
    '[1,2]',
    'null',
    '{"b":2}',
  ]);
  assert.deepEqual(await split('{"a":1}garbage\n{"b":2}'), ['{"a":1}', 'garbage', '{"b":2}']);
  assert.deepEqual(
    await split('{"a":1}{"b":'),
    ['{"a":1}', '{"b":'],
    'the last one is truncated, and is reported as bad',
  );
});

test('an unclosed array and an endless event are reported with their place', async () => {
  await assert.rejects(split('[{"a":1},{"b":2}'), /not closed after event 2: the file is truncated/);
  const endless = `{"a":1}{"b":"${'x'.repeat(MAX_LINE_BYTES)}`;
  await assert.rejects(split(endless), /event 2, which starts at byte 7 of the text, does not end within 900000 bytes/);
});
