/** Our workspaces by the names of their packages. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './source-files.ts';

const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { workspaces: string[] };

/** `@astrolabe/kafka` → `packages/kafka`. */
export const workspaceByPackage: ReadonlyMap<string, string> = new Map(
  globSync(
    workspaces.map((pattern) => `${pattern}/package.json`),
    { cwd: root },
  ).map((path) => {
    const { name } = JSON.parse(readFileSync(join(root, path), 'utf8')) as { name: string };
    return [name, dirname(path).replaceAll('\\', '/')];
  }),
);
