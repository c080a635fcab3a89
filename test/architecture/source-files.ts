/** The project's own TypeScript sources and what they import, for tests about its structure. */
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

export const root = join(import.meta.dirname, '../..');

const workspaces = ['schemas', 'packages', 'services', 'reference', 'cli', 'demo', 'bench', 'chaos', 'test', 'tools'];

export interface SourceFile {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly isTest: boolean;
  /** Module specifiers, static and dynamic, types included. */
  readonly imports: readonly string[];
  /** What is loaded when the file is: Node erases only statements that import or export nothing but types. */
  readonly loads: readonly LoadedModule[];
}

export interface LoadedModule {
  readonly specifier: string;
  /** Imported by name; empty where the module is imported whole, or as its default. */
  readonly names: readonly string[];
}

export function readSources(): readonly SourceFile[] {
  return workspaces.flatMap((folder) => readFolder(join(root, folder)));
}

function readFolder(folder: string): SourceFile[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules') return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return readFolder(path);
    return entry.name.endsWith('.ts') ? [readSource(path)] : [];
  });
}

const importPattern =
  /(?:^|[\s;}])(?:import|export)(\s[^'"`;]*?)from\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"$]+)['"]/gm;
/** Modules of kafkajs are loaded so. */
const requirePattern = /\brequire\(\s*['"]([^'"$]+)['"]/g;

function readSource(path: string): SourceFile {
  const text = readFileSync(path, 'utf8');
  const found = [...text.matchAll(importPattern)].map(([, clause = '', from, alone, dynamic]) => ({
    specifier: from ?? alone ?? dynamic ?? '',
    isType: /^\s+type\s/.test(clause),
    names: namesOf(clause),
  }));
  const required = [...text.matchAll(requirePattern)].map(([, specifier = '']) => ({ specifier, names: [] }));
  return {
    path: relative(root, path).replaceAll('\\', '/'),
    text,
    isTest: path.endsWith('.test.ts'),
    imports: found.map(({ specifier }) => specifier),
    loads: [...found.filter(({ isType }) => !isType), ...required],
  };
}

function namesOf(clause: string): string[] {
  const list = /\{([^}]*)\}/.exec(clause)?.[1] ?? '';
  return list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && !name.startsWith('type '));
}

/** Folder of a workspace that a path lies in: `packages/kafka`, `services/mapper`, `schemas`. */
export function workspaceOf(path: string): string {
  const [first = '', second = ''] = path.split('/');
  return first === 'packages' || first === 'services' || first === 'reference' ? `${first}/${second}` : first;
}

/** `@astrolabe/records/serde` → `@astrolabe/records`. */
export function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Tests, what only they import, and the tools of the root. */
export function isTestCode(file: SourceFile): boolean {
  return file.isTest || /^(test|tools)\//.test(file.path) || /\/(testing|test)\//.test(file.path);
}
