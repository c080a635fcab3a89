/**
 * A document that names a file of this repository names one that is there, so that moved code takes its documents
 * along.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { readableFiles } from './plain-words.ts';
import { root } from './source-files.ts';

/** Kafka's own tools, and a file that its reader writes. */
const ofOthers = /^(?:kafka-[a-z-]+\.sh|docker-compose\.override\.yml)$/;

const files = readableFiles();
const names: ReadonlySet<string> = new Set(files.map((path) => basename(path)));

test('every file that a document names is there', () => {
  const missing = files
    .filter((path) => path.endsWith('.md'))
    .flatMap((document) =>
      namedFiles(readFileSync(join(root, document), 'utf8'))
        .filter((name) => !ofOthers.test(name) && !isThere(name, document))
        .map((name) => `${document} names ${name}`),
    );
  assert.deepEqual(missing, []);
});

test('a name in backticks with the ending of a source or a document is the name of a file', () => {
  assert.deepEqual(namedFiles('see `core/a.ts`, `b.test.ts` and `c.md`; not `d`, `e.txt` or f.ts'), [
    'core/a.ts',
    'b.test.ts',
    'c.md',
  ]);
});

function namedFiles(text: string): string[] {
  return [...text.matchAll(/`([\w./-]+\.(?:ts|sh|md|avsc|ya?ml))`/g)].map(([, name = '']) => name);
}

/** Named from the root, from the document, by the end of its path, or by its name alone. */
function isThere(name: string, document: string): boolean {
  if (!name.includes('/')) return names.has(name);
  if (existsSync(join(root, name)) || existsSync(join(root, dirname(document), name))) return true;
  return files.some((path) => path.endsWith(`/${name}`));
}
