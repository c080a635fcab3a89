/**
 * `astrolabe` as an npm package. Node runs no TypeScript below `node_modules`, so the types are removed; our own
 * packages are bundled as they stand in the workspaces, and those of npm are its dependencies. Nothing runs at its
 * installation.
 */
import { copyFileSync, cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findReachable, javaScriptName, type ReachableModules, type Workspace } from './reachable-modules.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly license: string;
  readonly exports?: string | Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const CLI = 'cli';
const ENTRY = 'cli/astrolabe.js';
const NEEDED_NODE = '>=24';

/** What the packages read beside their sources while they run. */
const filesBeside: Readonly<Record<string, readonly string[]>> = { '@astrolabe/schemas': ['avro'] };

/** Writes the package into `target`, an empty folder, from which `npm pack` makes the tarball. */
export function writeCliPackage(root: string, target: string): void {
  const manifests = readManifests(root);
  const workspaces = [...manifests].map(([folder, manifest]) => toWorkspace(folder, manifest));
  const reachable = findReachable(root, workspaces, ENTRY);
  const used = workspaces.filter(({ name, folder }) => reachable.entries.has(name) && folder !== CLI);

  const placeOf = (path: string): string => {
    if (path.startsWith(`${CLI}/`)) return path.slice(CLI.length + 1);
    const workspace = used.find(({ folder }) => path.startsWith(`${folder}/`));
    if (workspace === undefined) throw new Error(`${path} belongs to no package that the command imports`);
    return join('node_modules', workspace.name, path.slice(workspace.folder.length + 1));
  };
  for (const [path, text] of reachable.modules) writeText(join(target, javaScriptName(placeOf(path))), text);

  const { version, license } = manifestOf(manifests, CLI);
  for (const workspace of used) {
    const folder = join(target, 'node_modules', workspace.name);
    writeManifest(folder, {
      name: workspace.name,
      version,
      license,
      type: 'module',
      exports: exportsOf(workspace, reachable),
    });
    for (const name of filesBeside[workspace.name] ?? []) {
      const isReleased = (path: string): boolean => !path.endsWith('history');
      cpSync(join(root, workspace.folder, name), join(folder, name), { recursive: true, filter: isReleased });
    }
  }
  const bundled = used.map(({ name }) => name);
  writeManifest(target, {
    ...ownManifest(manifestOf(manifests, CLI)),
    dependencies: Object.fromEntries([
      ...[...reachable.external].toSorted(([a], [b]) => (a < b ? -1 : 1)),
      ...bundled.map((name) => [name, version] as const),
    ]),
    bundleDependencies: bundled,
  });
  copyFileSync(join(root, 'LICENSE'), join(target, 'LICENSE'));
  copyFileSync(join(root, CLI, 'README.md'), join(target, 'README.md'));
}

function ownManifest({ name, version, description, license }: Manifest) {
  return {
    name,
    version,
    description,
    license,
    type: 'module',
    bin: { astrolabe: 'astrolabe.js' },
    engines: { node: NEEDED_NODE },
  };
}

/** Only what the command loads; the rest has no file here. */
function exportsOf({ name, exports }: Workspace, { entries }: ReachableModules): Readonly<Record<string, string>> {
  const imported = entries.get(name) ?? new Set();
  return Object.fromEntries(
    Object.entries(exports)
      .filter(([entry]) => imported.has(entry))
      .map(([entry, file]) => [entry, javaScriptName(file)]),
  );
}

function readManifests(root: string): ReadonlyMap<string, Manifest> {
  const { workspaces } = readJson(join(root, 'package.json')) as { readonly workspaces: readonly string[] };
  const folders = globSync(
    workspaces.map((pattern) => `${pattern}/package.json`),
    { cwd: root },
  ).map((path) => dirname(path).replaceAll('\\', '/'));
  return new Map(
    folders.toSorted().map((folder) => [folder, readJson(join(root, folder, 'package.json')) as Manifest]),
  );
}

function toWorkspace(folder: string, { name, exports = {}, dependencies = {} }: Manifest): Workspace {
  return { name, folder, exports: typeof exports === 'string' ? { '.': exports } : exports, dependencies };
}

function manifestOf(manifests: ReadonlyMap<string, Manifest>, folder: string): Manifest {
  const manifest = manifests.get(folder);
  if (manifest === undefined) throw new Error(`there is no ${folder}/package.json`);
  return manifest;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function writeManifest(folder: string, manifest: object): void {
  writeText(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

function writeText(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
