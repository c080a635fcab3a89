/** The files that paths stand for, in a stable order. */
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { errorMessage } from '@astrolabe/service-kit/errors';

export interface SourceFile {
  /** Absolute. */
  readonly path: string;
  /** As people know it. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

export type FoundFiles =
  | { readonly kind: 'files'; readonly files: readonly SourceFile[] }
  | { readonly kind: 'unreadable-path'; readonly name: string; readonly reason: string };

/**
 * A file is taken whatever its name; a folder stands for all files below it except hidden ones and those that begin
 * with `_`, which tools leave beside an export (`_SUCCESS`). Sorted by path within a folder.
 */
export async function findFiles(paths: readonly string[]): Promise<FoundFiles> {
  const found = new Map<string, SourceFile>();
  const visit = async (name: string): Promise<Exclude<FoundFiles, { kind: 'files' }> | undefined> => {
    const path = resolve(name);
    let info;
    try {
      info = await stat(path);
    } catch (error) {
      return { kind: 'unreadable-path', name, reason: errorMessage(error) };
    }
    if (info.isDirectory()) {
      const entries = (await readdir(path)).filter((entry) => !/^[._]/.test(entry)).toSorted();
      for (const entry of entries) {
        const unreadable = await visit(join(name, entry));
        if (unreadable !== undefined) return unreadable;
      }
    } else if (info.isFile()) {
      found.set(path, { path, name, sizeBytes: info.size, modifiedAtMs: Math.floor(info.mtimeMs) });
    }
    return undefined;
  };
  for (const path of paths) {
    const unreadable = await visit(path);
    if (unreadable !== undefined) return unreadable;
  }
  return { kind: 'files', files: [...found.values()] };
}
