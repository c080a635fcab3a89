import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { replaceConnectorsFile } from './replace-connectors-file.ts';

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'connectors-'));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

test('a new file is whole and for its owner only', async (t) => {
  const path = join(await folder(t), 'connectors.json');
  await replaceConnectorsFile(path, undefined, 'new');
  assert.equal(await readFile(path, 'utf8'), 'new');
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test('a file that is replaced keeps its mode, and a link to it stays one', async (t) => {
  const at = await folder(t);
  const path = join(at, 'real.json');
  await writeFile(path, 'old');
  await chmod(path, 0o640);
  await symlink('real.json', join(at, 'connectors.json'));
  await replaceConnectorsFile(join(at, 'connectors.json'), 'old', 'new');
  assert.equal(await readFile(path, 'utf8'), 'new');
  assert.equal((await stat(path)).mode & 0o777, 0o640);
  assert.deepEqual((await readdir(at)).toSorted(), ['connectors.json', 'real.json']);
});

test('a concurrent change is not overwritten, and nothing is left behind', async (t) => {
  const at = await folder(t);
  const path = join(at, 'connectors.json');
  await writeFile(path, 'theirs');
  const refused = { code: 'connectors.invalid', message: /changed by somebody else/ };
  await assert.rejects(replaceConnectorsFile(path, 'old', 'new'), refused);
  await assert.rejects(replaceConnectorsFile(path, undefined, 'new'), refused);
  assert.equal(await readFile(path, 'utf8'), 'theirs');
  assert.deepEqual(await readdir(at), ['connectors.json']);
});
