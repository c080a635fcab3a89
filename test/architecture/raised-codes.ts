/**
 * Which error codes the sources raise: literals in the form of a code, but for comments and places that only tell codes
 * apart.
 */
import type { SourceFile } from './source-files.ts';

const CATALOGUE = 'error-codes.ts';

/** What people run. The demo and the model of chaos only tell codes apart. */
const folders = ['packages/', 'services/', 'cli/'];

export interface RaisedCode {
  readonly path: string;
  readonly code: string;
}

export function raisedCodes(sources: readonly SourceFile[]): readonly RaisedCode[] {
  return sources
    .filter(({ path, isTest }) => !isTest && !path.includes('/testing/') && !path.endsWith(CATALOGUE))
    .filter(({ path }) => folders.some((folder) => path.startsWith(folder)))
    .flatMap(({ path, text }) => codesRaisedIn(text).map((code) => ({ path, code })));
}

export function codesRaisedIn(text: string): string[] {
  const code = text
    .replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    .replaceAll(/(?:isPipelineError\(\w+,|[!=]==|\bcase)\s*'[^']*'/g, '');
  return [...code.matchAll(/'([a-z]+\.(?!(?:json|log)')[a-z]+(?:-[a-z]+)*)'/g)].flatMap((match) => match[1] ?? []);
}
