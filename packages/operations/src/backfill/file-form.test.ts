import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { compressionOf, formOf } from './file-form.ts';

const event = (index: number) => `{"type":"identify","userId":"u${index}"}`;
const many = Array.from({ length: 40 }, (_, index) => event(index));
const form = (text: string | Buffer, isWhole = true) => formOf(Buffer.from(text as string), isWhole);

test('one event per line is read by lines, whatever else is among them', () => {
  for (const text of [
    `${many.join('\n')}\n`,
    `\ufeff${many.join('\r\n')}`,
    `\n\n${event(1)}`,
    `{"type":"track",\n${event(1)}\n`,
    `not json\n${event(1)}\n`,
    `[broken\n${event(1)}\n`,
    '{"type":"track",',
    '',
    '\n \n',
  ]) {
    assert.equal(form(text).kind, 'lines', JSON.stringify(text.slice(0, 40)));
  }
  assert.equal(form(many.join('\n').slice(0, 200), false).kind, 'lines');
});

test('arrays, objects laid out over lines and objects without line breaks are read as values', () => {
  for (const text of [
    JSON.stringify(
      many.map((each) => JSON.parse(each) as unknown),
      null,
      2,
    ),
    `[${many.join(',')}]`,
    `[\n${many.join(',\n')}\n]\n`,
    `[${event(1)}]\n[${event(2)}]\n`,
    many.join(''),
    many.map((each) => JSON.stringify(JSON.parse(each), null, 2)).join('\n'),
    '[]',
    '[1]',
    '{\n  "type": "broken,\n}',
  ]) {
    assert.equal(form(text).kind, 'values', JSON.stringify(text.slice(0, 40)));
  }
  assert.equal(form(many.join('').slice(0, 300), false).kind, 'values', 'a part of one long line');
});

test('a file in another form is refused with its name and what to do', () => {
  const utf16 = Buffer.from(`\ufeff${many.join('\n')}`, 'utf16le');
  const tar = Buffer.alloc(512);
  tar.write('ustar', 257, 'latin1');
  const cases: readonly (readonly [string | Buffer, RegExp])[] = [
    [Buffer.from('504b030414000000', 'hex'), /a zip archive, which is not supported; unpack it first \(unzip FILE\)/],
    [Buffer.from('fd377a585a000004', 'hex'), /an xz file/],
    [Buffer.from('BZh91AY&SY'), /a bzip2 file/],
    [Buffer.from('04224d18', 'hex'), /an lz4 file/],
    [Buffer.from('ff060000734e61507059', 'hex'), /a snappy file/],
    [Buffer.from('377abcaf271c', 'hex'), /a 7-Zip archive/],
    [tar, /a tar archive/],
    [
      Buffer.from('PAR1\u0015\u0004'),
      /a Parquet file, which is not supported; export its rows as JSON, one event per line/,
    ],
    [Buffer.from('Obj\u0001'), /an Avro file/],
    [Buffer.from('ORC'), /an ORC file/],
    [utf16, /UTF-16 \(little-endian\); save it as UTF-8/],
    [utf16.subarray(2), /UTF-16 \(little-endian\)/],
    [Buffer.from(many.join('\n'), 'utf16le').swap16(), /UTF-16 \(big-endian\)/],
    ['user_id,event\nu1,E\n', /starts with "user_id,event", which is not JSON \(CSV\?\)/],
    ['<html><body>', /XML or HTML\?/],
    [Buffer.from([0x80, 0, 1, 2, 0, 0]), /it is not text: it contains zero bytes/],
  ];
  for (const [content, reason] of cases) {
    const found = form(content);
    assert.ok(found.kind === 'refused', String(reason));
    assert.match(found.reason, reason);
  }
});

test('compression is recognised by the first bytes', () => {
  assert.equal(compressionOf(gzipSync('a')), 'gzip');
  assert.equal(compressionOf(zstdCompressSync('a')), 'zstd');
  for (const plain of ['{"a":1}', '', 'a']) assert.equal(compressionOf(Buffer.from(plain)), 'none');
});
