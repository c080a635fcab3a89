/** The modules that a program loads, as JavaScript: what of the repository has to be in its package. */
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';

export interface Workspace {
  readonly name: string;
  /** Relative to the root, with slashes. */
  readonly folder: string;
  readonly exports: Readonly<Record<string, string>>;
  /** Ranges by the names of packages, ours included. */
  readonly dependencies: Readonly<Record<string, string>>;
}

export interface ReachableModules {
  /** JavaScript by the source's path, relative to the root. */
  readonly modules: ReadonlyMap<string, string>;
  /** The entries of our packages that are imported: `@astrolabe/records` → `./serde`. */
  readonly entries: ReadonlyMap<string, ReadonlySet<string>>;
  /** Ranges of packages of npm, as the importing workspaces declare them. */
  readonly external: ReadonlyMap<string, string>;
}

/** `start`: relative to the root. Throws where an import leads nowhere. */
export function findReachable(root: string, workspaces: readonly Workspace[], start: string): ReachableModules {
  const modules = new Map<string, string>();
  const entries = new Map<string, Set<string>>();
  const external = new Map<string, string>();

  const destinationOf = (specifier: string, path: string): string | undefined => {
    if (specifier.startsWith('node:')) return undefined;
    if (specifier.startsWith('.')) return normalize(join(dirname(path), specifier)).replaceAll('\\', '/');
    const name = specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/');
    const workspace = workspaces.find((each) => each.name === name);
    if (workspace !== undefined) {
      const entry = `.${specifier.slice(name.length)}`;
      const file = workspace.exports[entry];
      if (file === undefined) throw new Error(`${path} imports ${specifier}, which ${name} does not export`);
      entries.set(name, (entries.get(name) ?? new Set()).add(entry));
      return normalize(join(workspace.folder, file)).replaceAll('\\', '/');
    }
    const importing = workspaces.find(({ folder }) => path.startsWith(`${folder}/`));
    const range = importing?.dependencies[name];
    if (range === undefined) throw new Error(`${path} imports ${name}, which its package.json does not declare`);
    external.set(name, range);
    return undefined;
  };

  const queue = [start];
  for (const path of queue) {
    if (modules.has(path) || path.endsWith('.json')) continue;
    const { text, specifiers } = toJavaScript(readFileSync(join(root, path), 'utf8'), path);
    modules.set(path, text);
    for (const specifier of specifiers) {
      const destination = destinationOf(specifier, path);
      if (destination !== undefined) queue.push(destination);
    }
  }
  return { modules, entries, external };
}

/** Types become blanks, so that lines and columns of an error are those of the source. */
function toJavaScript(source: string, path: string): { readonly text: string; readonly specifiers: readonly string[] } {
  const plain = path.endsWith('.ts') ? stripTypeScriptTypes(source) : source;
  const imports = ts.preProcessFile(plain, true, true).importedFiles;
  let text = plain;
  // From the end, so that positions before stay right.
  for (const { fileName, pos } of imports.toReversed()) {
    if (!/^\..*\.ts$/.test(fileName)) continue;
    const afterQuote = pos + 1;
    text = text.slice(0, afterQuote) + javaScriptName(fileName) + text.slice(afterQuote + fileName.length);
  }
  return { text, specifiers: imports.map(({ fileName }) => fileName) };
}

export function javaScriptName(file: string): string {
  return file.replace(/\.ts$/, '.js');
}
