/** What is released has one version and one licence, wherever they are written. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pipelineVersion } from '@astrolabe/service-kit';
import { root } from './source-files.ts';
import { workspaceByPackage } from './workspaces.ts';

interface Manifest {
  readonly version?: string;
  readonly license?: string;
}

const manifests = new Map(
  ['.', ...workspaceByPackage.values()].map((folder) => [
    folder,
    JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest,
  ]),
);

test('all packages have one version, which the programs print', () => {
  const others = [...manifests].filter(([, { version }]) => version !== pipelineVersion);
  assert.deepEqual(others, [], 'set them with: npm version VERSION --workspaces --include-workspace-root');
});

test('all packages name the licence of LICENSE', () => {
  assert.deepEqual(
    [...manifests].filter(([, { license }]) => license !== 'Apache-2.0'),
    [],
  );
  assert.match(readFileSync(join(root, 'LICENSE'), 'utf8'), /^\s*Apache License\s+Version 2\.0, January 2004\n/);
});

test('the images of docker-compose.yml have that version', () => {
  const compose = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
  const versions = [...compose.matchAll(/image: astrolabe\/[a-z-]+:(.+)/g)].map(([, version]) => version);
  assert.ok(versions.length > 0);
  assert.deepEqual(
    versions.filter((version) => version !== pipelineVersion),
    [],
  );
});

test('the changelog says what the version holds', () => {
  const versions = [...readFileSync(join(root, 'CHANGELOG.md'), 'utf8').matchAll(/^## \[(.+?)\]/gm)];
  assert.ok(versions.some(([, version]) => version === pipelineVersion));
});
