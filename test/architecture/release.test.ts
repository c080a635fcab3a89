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

test('images have that version, wherever it is written', () => {
  for (const [file, pattern] of [
    ['docker-compose.yml', /image: astrolabe\/[a-z-]+:(.+)/g],
    ['Dockerfile', /org\.opencontainers\.image\.version="(.+?)"/g],
    ['docker-bake.hcl', /variable "VERSION" \{ default = "(.+?)" \}/g],
  ] as const) {
    const versions = [...readFileSync(join(root, file), 'utf8').matchAll(pattern)].map(([, version]) => version);
    assert.ok(versions.length > 0, file);
    assert.deepEqual(
      versions.filter((version) => version !== pipelineVersion),
      [],
      file,
    );
  }
});

test('every image has a title, and docker-bake.hcl builds it', () => {
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const bake = readFileSync(join(root, 'docker-bake.hcl'), 'utf8');
  const targets = [
    ...dockerfile.matchAll(/^FROM (?:service|runtime) AS (.+)\nLABEL org\.opencontainers\.image\.title=/gm),
  ];
  const built = /item = \[(.*)\]/.exec(bake)?.[1]?.replaceAll('"', '').split(', ');
  assert.deepEqual(targets.map(([, target]) => target).toSorted(), built?.toSorted());
});

test('the changelog says what the version holds', () => {
  const versions = [...readFileSync(join(root, 'CHANGELOG.md'), 'utf8').matchAll(/^## \[(.+?)\]/gm)];
  assert.ok(versions.some(([, version]) => version === pipelineVersion));
});
