import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { gunzip } from './gunzip.ts';

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: Buffer, size = 65_536): Promise<{ text: string; error: string | undefined }> {
  const parts: Buffer[] = [];
  let error: string | undefined;
  try {
    for await (const part of gunzip(inChunks(bytes, size))) parts.push(part);
  } catch (fault) {
    error = (fault as Error).message;
  }
  return { text: Buffer.concat(parts).toString(), error };
}

test('any number of members, in pieces of any size, with blanks behind them, give what they hold', async () => {
  const text = fc.array(fc.string({ maxLength: 300 }), { minLength: 1, maxLength: 4 });
  const tail = fc.constantFrom('', '\n', '\r\n', '\0\0\0\0', ' \t\n');
  await fc.assert(
    fc.asyncProperty(text, tail, fc.integer({ min: 1, max: 200 }), async (members, behind, size) => {
      const bytes = Buffer.concat([...members.map((member) => gzipSync(member)), Buffer.from(behind)]);
      assert.deepEqual(await read(bytes, size), { text: members.join(''), error: undefined });
    }),
    { numRuns: 60 },
  );
});

test('large members are read whole, and in the end nothing is left over', async () => {
  const large = 'x'.repeat(3_000_000) + 'end\n';
  const bytes = Buffer.concat([gzipSync(large), gzipSync(large)]);
  assert.equal((await read(bytes)).text.length, 2 * large.length);
});

test('a header with a name, a comment, extra fields and a checksum is skipped', async () => {
  const [plain] = [gzipSync('text')];
  const fields = Buffer.concat([
    Buffer.from([2, 0, 7, 7]),
    Buffer.from('a.ndjson\0'),
    Buffer.from('why\0'),
    Buffer.from([1, 1]),
  ]);
  const header = Buffer.from(plain.subarray(0, 10));
  header[3] = 4 + 8 + 16 + 2;
  const bytes = Buffer.concat([header, fields, plain.subarray(10)]);
  assert.deepEqual(await read(bytes, 3), { text: 'text', error: undefined });
});

test('an error in a gzip file is reported with its place, and everything before it is read', async () => {
  const whole = gzipSync('a\nb\n');
  const cases: readonly (readonly [string, Buffer, RegExp])[] = [
    ['cut in its data', whole.subarray(0, 14), /end early at byte 14: the file is truncated/],
    [
      'cut in its trailer',
      whole.subarray(0, -3),
      new RegExp(`end early at byte ${whole.length - 3}: the file is truncated`),
    ],
    ['cut in its header', whole.subarray(0, 5), /end early at byte 5: the file is truncated/],
    [
      'followed by text',
      Buffer.concat([whole, Buffer.from('{"type":"track"}\n')]),
      new RegExp(`end at byte ${whole.length}, and what follows is not gzip \\(it starts with`),
    ],
    ['followed by half a member', Buffer.concat([whole, whole.subarray(0, 12)]), /the file is truncated/],
    ['with another checksum', Buffer.concat([whole.subarray(0, -8), Buffer.alloc(8)]), /are damaged: the checksum/],
    ['with damaged data', Buffer.concat([whole.subarray(0, 10), Buffer.alloc(30, 0xff)]), /are damaged: /],
  ];
  for (const [what, bytes, error] of cases) {
    for (const size of [1, 7, 65_536]) assert.match((await read(bytes, size)).error ?? '', error, what);
  }
  assert.equal((await read(Buffer.concat([whole, Buffer.from('tail')]))).text, 'a\nb\n');
});
