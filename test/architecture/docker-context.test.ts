import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './source-files.ts';

const read = (name: string): readonly string[] => readFileSync(join(root, name), 'utf8').split('\n');

test('what the Dockerfile copies is let through to the builder', () => {
  const letThrough = read('.dockerignore')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  const copied = read('Dockerfile')
    .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
    .flatMap((line) => line.split(/\s+/).slice(1, -1));
  const isLetThrough = (path: string) =>
    letThrough.some((each) => path === each || path.startsWith(`${each}/`) || each.startsWith(`${path}/`));
  assert.ok(copied.length > 10);
  assert.deepEqual(
    copied.filter((path) => !isLetThrough(path)),
    [],
  );
});
