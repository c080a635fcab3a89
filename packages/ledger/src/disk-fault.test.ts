import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { lockDirectory } from './store/directory-lock.ts';
import { temporaryDirectory } from './testing/open-ledger.ts';

test('a directory that cannot be used is a fault of the disk, told with what failed, and not tried again', async (t) => {
  const directory = temporaryDirectory();
  t.after(() => directory.remove());
  const file = join(directory.path, 'file');
  await writeFile(file, '');
  await assert.rejects(lockDirectory(join(file, 'below'), 0), (error) => {
    assert.ok(isPipelineError(error, 'ledger.disk-failed'));
    assert.equal(error.retryable, false);
    assert.match(error.message, /^creating .*file failed: .*; check the space and the permissions/);
    return true;
  });
});
