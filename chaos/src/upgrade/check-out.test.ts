import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkOut, ownNpm, type CheckedOut } from './check-out.ts';
import type { Git } from './git.ts';

const packageJson = '{"name":"tree","version":"1.0.0"}';
const lock = (version: string): string =>
  JSON.stringify({
    name: 'tree',
    version,
    lockfileVersion: 3,
    requires: true,
    packages: { '': JSON.parse(packageJson) },
  });

async function treeIn(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

/** Answers `git archive` with the files of a folder. */
function archiveOf(folder: string): Git {
  return async (verb, _format, output = '') => {
    assert.equal(verb, 'archive');
    execFileSync('tar', ['-cf', output.replace('--output=', ''), '-C', folder, '.']);
    return { kind: 'done', text: '' };
  };
}

interface World {
  readonly root: string;
  readonly told: string[];
  checkOut(git?: Git): Promise<CheckedOut>;
}

/** This tree has version 1.0.0 of its lock file, the other one `oldVersion`. */
async function createWorld(t: TestContext, oldVersion: string): Promise<World> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'astrolabe-test-')));
  t.after(() => rm(folder, { recursive: true }));
  const [root, old] = [join(folder, 'root'), join(folder, 'old')];
  const shared = { 'package.json': packageJson, 'node_modules/plain/index.js': '' };
  await treeIn(root, { ...shared, 'package-lock.json': lock('1.0.0') });
  await treeIn(old, { 'package.json': packageJson, 'package-lock.json': lock(oldVersion), 'services/main.ts': 'old' });
  const told: string[] = [];
  const revision = { commit: 'aaaa1111', title: 'aaaa (before)' };
  return {
    root,
    told,
    checkOut: async (git = archiveOf(old)) => {
      const checkedOut = await checkOut({
        git,
        revision,
        root,
        env: process.env,
        onProgress: (line) => void told.push(line),
      });
      t.after(() => checkedOut.close());
      return checkedOut;
    },
  };
}

test('a revision with the same lock file has its own sources and our packages, until it is closed', async (t) => {
  const world = await createWorld(t, '1.0.0');
  const { folder, close } = await world.checkOut();
  await access(new URL('services/main.ts', folder));
  const linked = await realpath(new URL('node_modules/plain', folder));
  assert.equal(linked, join(world.root, 'node_modules/plain'));
  assert.deepEqual(world.told, []);
  await close();
  await assert.rejects(access(folder), /ENOENT/);
});

test('a revision with another lock file has packages of its own installed, and says so', async (t) => {
  const world = await createWorld(t, '0.9.0');
  const { folder } = await world.checkOut();
  assert.deepEqual(world.told, ['installing the packages of aaaa (before), whose package-lock.json differs']);
  await assert.rejects(access(new URL('node_modules/plain', folder)), /ENOENT/);
  assert.ok((await readdir(fileURLToPath(folder))).includes('services'));
});

test('a revision that git cannot unpack is refused with what git says', async (t) => {
  const world = await createWorld(t, '1.0.0');
  const git: Git = async () => ({ kind: 'failed', reason: 'not a tree object' });
  await assert.rejects(world.checkOut(git), /git archive aaaa1111 failed: .*not a tree object/);
});

test('npm is told nothing of the package whose script runs', () => {
  const kept = { PATH: '/bin', npm_config_registry: 'https://npm.example', npm_config_cache: '/cache' };
  const ofTheScript = { npm_package_name: 'chaos', npm_lifecycle_event: 'chaos', npm_config_local_prefix: '/tree' };
  assert.deepEqual(ownNpm({ ...kept, ...ofTheScript, INIT_CWD: '/tree' }), kept);
});
