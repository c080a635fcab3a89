import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { pipelineVersion } from '@astrolabe/service-kit';
import { installPackedCli } from './installed-cli.ts';
import { findReachable } from './reachable-modules.ts';

const root = resolve(import.meta.dirname, '../..');

test('the npm package of astrolabe runs from its tarball in an empty folder', (t) => {
  const { run, manifest } = installPackedCli(t);
  const version = run(['--version']);
  assert.deepEqual([version.status, version.stdout], [0, `${pipelineVersion}\n`], version.stderr);
  assert.equal(manifest.version, pipelineVersion);
  assert.match(run(['--help']).stdout, /^ {2}doctor\b/m);
  const unset = run(['topics', 'check']);
  assert.deepEqual([unset.status, unset.stdout], [2, '']);
  assert.match(unset.stderr, /KAFKA_BROKERS is not set/);
});

test('the npm package holds what the command loads and its licence, no TypeScript and no test, and runs nothing at its installation', (t) => {
  const { folder, manifest } = installPackedCli(t);
  const files = globSync('**/*', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  assert.deepEqual(
    files.filter((file) => !/\.(js|avsc)$|[\\/](package\.json|README\.md|LICENSE)$/.test(file)),
    [],
  );
  assert.deepEqual(
    files.filter((file) => /\.test\.js$|[\\/](testing|testkit)[\\/]/.test(file)),
    [],
  );
  for (const file of files.filter((name) => name.endsWith('.js'))) {
    assert.doesNotMatch(readFileSync(file, 'utf8'), /['"]\.{1,2}\/[^'"\n]*\.ts['"]/, file);
  }
  assert.ok(existsSync(join(folder, 'LICENSE')));
  const manifests = files.filter((file) => file.endsWith('package.json'));
  assert.equal(manifests.length, manifest.bundleDependencies.length + 1);
  for (const file of manifests) assert.doesNotMatch(readFileSync(file, 'utf8'), /"scripts"/, file);
});

test('a package is not made where an import leads to what its workspace does not declare', () => {
  const undeclared = [{ name: '@astrolabe/cli', folder: 'cli', exports: {}, dependencies: {} }];
  assert.throws(() => findReachable(root, undeclared, 'cli/src/program.ts'), /imports @astrolabe\/service-kit, which/);
  const unexported = [
    ...undeclared,
    { name: '@astrolabe/service-kit', folder: 'packages/service-kit', exports: {}, dependencies: {} },
  ];
  assert.throws(() => findReachable(root, unexported, 'cli/src/program.ts'), /service-kit does not export/);
});
