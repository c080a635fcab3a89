/** What runs here because npm links every workspace must run in an image with one workspace too. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageName, readSources, root, workspaceOf } from './source-files.ts';
import { workspaceByPackage } from './workspaces.ts';

test('a workspace declares every package that its sources import', () => {
  const breaches = readSources().flatMap((file) => {
    const workspace = workspaceOf(file.path);
    const declared = declaredIn(workspace);
    return (
      file.imports
        .filter((name) => !name.startsWith('.') && !name.startsWith('node:'))
        .map(packageName)
        .filter((name) => !declared.has(name) && name !== ownName(workspace))
        // The root's tools see every workspace: npm links them all into its node_modules.
        .filter((name) => !(workspace === 'tools' && workspaceByPackage.has(name)))
        .map((name) => `${file.path} imports ${name}, which ${workspace}/package.json does not declare`)
    );
  });
  assert.deepEqual(breaches, []);
});

function ownName(workspace: string): string | undefined {
  return [...workspaceByPackage].find(([, folder]) => folder === workspace)?.[0];
}

function declaredIn(workspace: string): ReadonlySet<string> {
  const manifests = ['package.json', ...(workspace === 'tools' ? [] : [`${workspace}/package.json`])];
  return new Set(
    manifests.flatMap((path) => {
      const manifest = JSON.parse(readFileSync(join(root, path), 'utf8')) as Record<
        string,
        Record<string, string> | undefined
      >;
      return [...Object.keys(manifest['dependencies'] ?? {}), ...Object.keys(manifest['devDependencies'] ?? {})];
    }),
  );
}
