/** A folder that can be read at a glance: what grows beyond is parted by idea. */
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { readSources } from './source-files.ts';

const MAX_MODULES = 15;

/** Folders that are larger still. A number may only become smaller, and goes once it is not needed. */
const allowances: ReadonlyMap<string, number> = new Map();

test(`a folder has at most ${MAX_MODULES} modules`, () => {
  const tooLarge = [...modulesByFolder()].filter(
    ([folder, modules]) => modules > (allowances.get(folder) ?? MAX_MODULES),
  );
  assert.deepEqual(tooLarge, []);
});

test('an allowance for a large folder is as small as it can be', () => {
  const counts = modulesByFolder();
  const loose = [...allowances].filter(([folder, modules]) => {
    const count = counts.get(folder) ?? 0;
    return count <= MAX_MODULES || count < modules;
  });
  assert.deepEqual(loose, []);
});

/** Tests, generated files and the lists of a package's exports are not counted. */
function modulesByFolder(): ReadonlyMap<string, number> {
  const modules = readSources().filter(({ path, isTest }) => !isTest && !/\/generated\/|\/index\.ts$/.test(path));
  return new Map(
    [...Map.groupBy(modules, ({ path }) => dirname(path))].map(([folder, files]) => [folder, files.length]),
  );
}
