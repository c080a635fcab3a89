/** No circle of imports, within a package or across them. */
import assert from 'node:assert/strict';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { readSources, type SourceFile } from './source-files.ts';

test('no file imports itself by way of others', () => {
  const sources = readSources();
  const byPath = new Map(sources.map((file) => [file.path, file]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    assert.equal(start, -1, `import cycle: ${[...trail.slice(start), path].join(' -> ')}`);
    if (done.has(path)) return;
    for (const next of relativeImports(byPath.get(path))) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const { path } of sources) visit(path, []);
});

function relativeImports(file: SourceFile | undefined): string[] {
  if (file === undefined) return [];
  return file.imports
    .filter((name) => name.startsWith('.') && name.endsWith('.ts'))
    .map((name) => normalize(join(dirname(file.path), name)));
}
