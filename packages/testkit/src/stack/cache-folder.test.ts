import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cacheDirectory, findCacheFault } from './cache-folder.ts';

test('the cache is where the variables say, in this order', () => {
  assert.equal(cacheDirectory({ ASTROLABE_CACHE_DIR: '/a', XDG_CACHE_HOME: '/b', HOME: '/c' }), '/a');
  assert.equal(cacheDirectory({ XDG_CACHE_HOME: '/b', HOME: '/c' }), '/b/astrolabe-pipeline');
  assert.equal(cacheDirectory({ HOME: '/c' }), '/c/.cache/astrolabe-pipeline');
});

test('a cache that cannot be written or has no room is told with what to do, and none is made by asking', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'cache-folder-'));
  t.after(() => rm(folder, { recursive: true }));
  const cache = join(folder, 'not', 'there', 'yet');
  assert.equal(await findCacheFault({ ASTROLABE_CACHE_DIR: cache }, 1), undefined);
  assert.equal(existsSync(join(folder, 'not')), false);
  assert.match(
    (await findCacheFault({ ASTROLABE_CACHE_DIR: cache }, 1e18)) ?? '',
    /not\/there\/yet, where \d+ MB are free and 1000000000000 MB are needed: make room, or set ASTROLABE_CACHE_DIR/,
  );
  const file = join(folder, 'file');
  await writeFile(file, '');
  assert.equal(
    await findCacheFault({ ASTROLABE_CACHE_DIR: join(file, 'cache') }, 1),
    `downloads go to ${file}/cache, but ${file} is not a folder: set ASTROLABE_CACHE_DIR to a folder that can be used`,
  );
});
