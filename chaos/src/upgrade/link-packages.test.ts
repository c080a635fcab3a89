import assert from 'node:assert/strict';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { linkPackages } from './link-packages.ts';

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'astrolabe-test-')));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

async function fileIn(folder: string, path: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), '');
}

/** As npm installs it: a package, one with a scope, a workspace, and a package of that workspace alone. */
async function treeIn(folder: string): Promise<void> {
  for (const path of [
    'node_modules/.bin/tool',
    'node_modules/plain/index.js',
    'node_modules/@scope/scoped/index.js',
    'packages/own/index.ts',
    'packages/own/node_modules/nested/index.js',
  ])
    await fileIn(folder, path);
  await mkdir(join(folder, 'node_modules/@own'));
  await symlink('../../packages/own', join(folder, 'node_modules/@own/own'));
}

test('the second tree has the packages of the first, and its own workspaces', async (t) => {
  const folder = await temporaryFolder(t);
  const [from, to] = [join(folder, 'from'), join(folder, 'to')];
  await treeIn(from);
  await fileIn(to, 'packages/own/index.ts');
  await linkPackages(from, to);
  const leadsTo = (path: string): Promise<string> => realpath(join(to, path));
  for (const path of [
    'node_modules/plain/index.js',
    'node_modules/@scope/scoped/index.js',
    'packages/own/node_modules/nested/index.js',
  ])
    assert.equal(await leadsTo(path), join(from, path));
  assert.equal(await leadsTo('node_modules/@own/own/index.ts'), join(to, 'packages/own/index.ts'));
  await assert.rejects(leadsTo('node_modules/.bin/tool'), /ENOENT/);
});

test('a tree without installed packages gives none', async (t) => {
  const folder = await temporaryFolder(t);
  await fileIn(folder, 'to/README.md');
  await linkPackages(join(folder, 'from'), join(folder, 'to'));
  await assert.rejects(realpath(join(folder, 'to/node_modules')), /ENOENT/);
});
