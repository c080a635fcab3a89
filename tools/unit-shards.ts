/**
 * Unit tests run in one process for each workspace: loading logger, metrics and schemas once for each of a hundred
 * files would take most of their time. A shard is a module that imports its test files.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Test files by the workspace that they lie in. `files` are relative to the root, with slashes. */
export function groupByWorkspace(files: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const file of files) {
    const [first = '', second = ''] = file.split('/');
    const workspace = ['packages', 'services', 'reference'].includes(first) ? `${first}-${second}` : first;
    groups.set(workspace, [...(groups.get(workspace) ?? []), file]);
  }
  return groups;
}

/** Writes a shard for each workspace into `folder`, which is emptied first, and returns their paths. */
export async function writeShards(root: string, folder: string, files: readonly string[]): Promise<string[]> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return Promise.all(
    [...groupByWorkspace(files)].map(async ([workspace, members]) => {
      const shard = join(folder, `${workspace}.test.mjs`);
      const imports = members.map(
        (file) => `await import(${JSON.stringify(pathToFileURL(resolve(root, file)).href)});\n`,
      );
      await writeFile(shard, imports.join(''));
      return shard;
    }),
  );
}
