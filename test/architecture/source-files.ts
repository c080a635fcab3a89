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
  /(?:^|[\s;}])(?:import|export)\s[^'"`;]*?from\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"$]+)['"]/gm;

function readSource(path: string): SourceFile {
  const text = readFileSync(path, 'utf8');
  return {
    path: relative(root, path).replaceAll('\\', '/'),
    text,
    isTest: path.endsWith('.test.ts'),
    imports: [...text.matchAll(importPattern)].map((match) => match[1] ?? match[2] ?? match[3] ?? ''),
  };
}

/** Folder of a workspace that a path lies in: `packages/kafka`, `services/mapper`, `schemas`. */
export function workspaceOf(path: string): string {
  const [first = '', second = ''] = path.split('/');
  return first === 'packages' || first === 'services' || first === 'reference' ? `${first}/${second}` : first;
}
