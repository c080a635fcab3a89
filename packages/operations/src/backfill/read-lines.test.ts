import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { fstatSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { createLineReader, splitLines } from './read-lines.ts';
import { MAX_LINE_BYTES, type SourceLine } from './core/source-line.ts';

const { signal } = new AbortController();

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(groups: AsyncIterable<readonly SourceLine[]>): Promise<SourceLine[]> {
  const lines: SourceLine[] = [];
  for await (const group of groups) lines.push(...group);
  return lines;
}

test('lines are the same however the file comes in pieces, without carriage returns', async () => {
  const bytes = Buffer.from('eins\r\nzwéi\n\nvier');
  for (const size of [1, 2, 3, 7, 100]) {
    const lines = await collect(splitLines(inChunks(bytes, size)));
    assert.deepEqual(
      lines.map(({ number, bytes: line }) => [number, line.toString()]),
      [
        [1, 'eins'],
        [2, 'zwéi'],
        [3, ''],
        [4, 'vier'],
      ],
    );
  }
});

test('a line without an end is held to a bound, and the lines after it are whole', async () => {
  const bytes = Buffer.from(`${'x'.repeat(MAX_LINE_BYTES + 5)}\nnext\n`);
  const lines = await collect(splitLines(inChunks(bytes, 65_536)));
  assert.deepEqual(
    lines.map(({ bytes: line, isCut }) => [line.length, isCut]),
    [
      [MAX_LINE_BYTES, true],
      [4, false],
    ],
  );
});

test('plain, gzip, gzip in several members and zstd give the same lines, whatever the name', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'backfill-'));
  t.after(() => rm(folder, { recursive: true }));
  const head = Buffer.from('a\nb\n');
  const tail = Buffer.from('c\n');
  const forms = {
    plain: Buffer.concat([head, tail]),
    gzip: gzipSync(Buffer.concat([head, tail])),
    members: Buffer.concat([gzipSync(head), gzipSync(tail)]),
    zstd: zstdCompressSync(Buffer.concat([head, tail])),
  };
  for (const [name, content] of Object.entries(forms)) {
    const path = join(folder, name);
    await writeFile(path, content);
    const reader = createLineReader(path, signal);
    const lines = await collect(reader.lines());
    assert.deepEqual(
      lines.map(({ bytes }) => bytes.toString()),
      ['a', 'b', 'c'],
      name,
    );
    assert.equal(reader.readBytes(), content.length);
  }
});

test('a file is closed when only its beginning is read, and when it cannot be read at all', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'backfill-'));
  t.after(() => rm(folder, { recursive: true }));
  // More than is looked at, and of many reads.
  const content = Buffer.from(randomBytes(2_000_000).toString('hex'));
  const forms = { plain: content, gzip: gzipSync(content), zstd: zstdCompressSync(content) };
  for (const [name, stored] of Object.entries(forms)) await writeFile(join(folder, name), stored);
  for (const path of [...Object.keys(forms).map((name) => join(folder, name)), folder]) {
    const reading = createLineReader(path, signal).form();
    if (path === folder) await assert.rejects(reading, /EISDIR/);
    else await reading;
    assert.equal(await isOpen(path), false, path);
  }
});

/** Whether this process has the file open. */
async function isOpen(path: string): Promise<boolean> {
  const { dev, ino } = await stat(path);
  return readdirSync('/dev/fd').some((descriptor) => {
    try {
      const opened = fstatSync(Number(descriptor));
      return opened.dev === dev && opened.ino === ino;
    } catch {
      // That of the folder itself, which is closed by now.
      return false;
    }
  });
}

test('a file that breaks off in the middle is an error that names it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'backfill-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'cut.gz');
  await writeFile(path, gzipSync('a\n'.repeat(10_000)).subarray(0, 40));
  await assert.rejects(
    collect(createLineReader(path, signal).lines()),
    /cut\.gz: the gzip data end early at byte 40: the file is truncated/,
  );
});
