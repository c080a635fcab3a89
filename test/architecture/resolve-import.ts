/** Where an import leads: to a source of ours, to Node, or to a package of npm. */
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { packageName, root } from './source-files.ts';
import { workspaceByPackage } from './workspaces.ts';

export type Destination =
  | { readonly kind: 'source'; readonly path: string }
  | { readonly kind: 'builtin'; readonly name: string }
  | { readonly kind: 'package'; readonly name: string };

export function resolveImport(from: string, specifier: string): Destination {
  if (specifier.startsWith('node:')) return { kind: 'builtin', name: specifier };
  if (specifier.startsWith('.')) return { kind: 'source', path: normalize(join(dirname(from), specifier)) };
  const name = packageName(specifier);
  const folder = workspaceByPackage.get(name);
  if (folder === undefined) return { kind: 'package', name };
  const entry = exportsOf(folder)[`.${specifier.slice(name.length)}`];
  if (entry === undefined)
    throw new Error(`${from} imports ${specifier}, which ${folder}/package.json does not export`);
  return { kind: 'source', path: normalize(join(folder, entry)) };
}

function exportsOf(folder: string): Readonly<Record<string, string>> {
  const { exports } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
    exports: string | Record<string, string>;
  };
  return typeof exports === 'string' ? { '.': exports } : exports;
}
