/** The files that paths on the command line stand for, in a stable order. */
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { errorMessage } from '@astrolabe/service-kit/errors';
import { UsageError } from '../exit-codes.ts';

export interface SourceFile {
  /** Absolute. */
  readonly path: string;
  /** As it is named to people. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

/**
 * A file is taken whatever it is called; a folder stands for all files below it but hidden ones and those that begin with `_`, which tools
 * leave beside an export (`_SUCCESS`). Sorted by path within a folder. Throws a `UsageError` for a path that leads nowhere.
 */
export async function findFiles(paths: readonly string[]): Promise<SourceFile[]> {
  const found = new Map<string, SourceFile>();
  const visit = async (name: string): Promise<void> => {
    const path = resolve(name);
    let info;
    try {
      info = await stat(path);
    } catch (error) {
      throw new UsageError(`${name} cannot be read: ${errorMessage(error)}`);
    }
    if (info.isDirectory()) {
      const entries = (await readdir(path)).filter((entry) => !/^[._]/.test(entry)).toSorted();
      for (const entry of entries) await visit(join(name, entry));
    } else if (info.isFile()) {
      found.set(path, { path, name, sizeBytes: info.size, modifiedAtMs: Math.floor(info.mtimeMs) });
    }
  };
  for (const path of paths) await visit(path);
  return [...found.values()];
}
