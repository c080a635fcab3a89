import assert from 'node:assert/strict';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isPassword, parsePasswordHash } from '@astrolabe/operations';
import { createLogger } from '@astrolabe/service-kit';
import { makeUsersFile, userLine } from '../testing/users.ts';
import { UsersFile } from './users-file.ts';

const logger = createLogger({ name: 'console', level: 'silent' });

test('a file that takes the place of the old one is read, as when a mounted secret changes', async (t) => {
  const path = await makeUsersFile(t, ['ann', 'bob']);
  const users = await UsersFile.open(path, logger);
  assert.deepEqual([...(await users.current()).keys()], ['ann', 'bob']);
  await writeFile(`${path}.new`, userLine('carol'));
  await rename(`${path}.new`, path);
  assert.deepEqual([...(await users.current()).keys()], ['carol']);
});

test('the users of docker compose are those that it says', async () => {
  const users = await UsersFile.open(join(import.meta.dirname, '../../../../deploy/compose/console-users'), logger);
  const known = parsePasswordHash((await users.current()).get('demo')?.passwordText ?? '');
  assert.ok(known !== undefined);
  assert.equal(await isPassword('demo-password', known), true);
});
