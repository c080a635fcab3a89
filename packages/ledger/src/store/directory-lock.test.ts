import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { lockDirectory } from './directory-lock.ts';
import { temporaryDirectory } from '../testing/open-ledger.ts';

const holder = `
  const { lockDirectory } = await import(process.argv[1]);
  await lockDirectory(process.argv[2], 0);
  process.stdout.write('locked');
  setInterval(() => {}, 60_000);
`;

test('a lock keeps other processes out and ends with its process, however that ends', async (t) => {
  const directory = temporaryDirectory();
  t.after(() => directory.remove());
  const module = import.meta.resolve('./directory-lock.ts');
  const child = spawn(process.execPath, ['--input-type=module', '--eval', holder, module, directory.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  await assert.rejects(lockDirectory(directory.path, 0), (error) => isPipelineError(error, 'ledger.locked'));
  child.kill('SIGKILL');
  await once(child, 'exit');
  (await lockDirectory(directory.path, 0)).release();
});

test('who waits for a lock can give up', async (t) => {
  const directory = temporaryDirectory();
  t.after(() => directory.remove());
  const lock = await lockDirectory(directory.path, 0);
  const reason = new Error('stopping');
  const waiting = new AbortController();
  const waited = lockDirectory(directory.path, 60_000, waiting.signal);
  waiting.abort(reason);
  await assert.rejects(waited, (error) => error === reason);
  lock.release();
});
