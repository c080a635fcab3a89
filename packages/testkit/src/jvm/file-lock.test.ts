import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { eventually } from '../eventually.ts';
import { withFileLock } from './file-lock.ts';

async function setUp(t: TestContext): Promise<{ directory: string; path: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'file-lock-'));
  t.after(() => rm(directory, { recursive: true }));
  return { directory, path: join(directory, 'lock') };
}

test('of two that want the lock one waits for the other, and the file is gone afterwards', async (t) => {
  const { directory, path } = await setUp(t);
  const events: string[] = [];
  const release = Promise.withResolvers<void>();
  const first = withFileLock(path, {}, async () => {
    events.push('first in');
    await release.promise;
    events.push('first out');
  });
  while (events.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const second = withFileLock(path, {}, () => Promise.resolve(events.push('second in')));
  release.resolve();
  await Promise.all([first, second]);
  assert.deepEqual(events, ['first in', 'first out', 'second in']);
  assert.deepEqual(await readdir(directory), []);
});

test('the lock is given back when the work fails', async (t) => {
  const { directory, path } = await setUp(t);
  await assert.rejects(
    withFileLock(path, {}, () => Promise.reject(new Error('no'))),
    /no/,
  );
  assert.deepEqual(await readdir(directory), []);
});

test('the lock of a holder that was killed is taken over', async (t) => {
  const { path } = await setUp(t);
  await writeFile(path, 'killed');
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(path, longAgo, longAgo);
  assert.equal(await withFileLock(path, {}, () => Promise.resolve('in')), 'in');
});

test('a holder shows that it lives by keeping the file young', async (t) => {
  const { path } = await setUp(t);
  await withFileLock(path, { heartbeatMs: 5 }, async () => {
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(path, longAgo, longAgo);
    await eventually(async () => Date.now() - (await stat(path)).mtimeMs < 30_000, {
      timeoutMs: 5_000,
      intervalMs: 1,
      describe: 'a heartbeat',
    });
  });
});
