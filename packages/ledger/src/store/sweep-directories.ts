/**
 * Removes the local copies of partitions that have not been here for a whole window. Every delivery in such a copy is
 * older than the window: a partition that comes back would drop them all, and reads what it needs from the changelog.
 */
import { renameSync, readdirSync, statSync, type Dirent } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LOCK_FILE, tryLock, whileLocked } from './directory-lock.ts';
import { SEGMENT_NAME } from './delivery-store.ts';
import { diskFault, onDisk } from './disk-fault.ts';

export interface SweepOptions {
  /** That of all groups: the `directory` of `partitionDirectory`. */
  readonly directory: string;
  /** What has been written to since stays; epoch milliseconds. */
  readonly unusedSinceMs: number;
}

export interface SweptDirectory {
  readonly path: string;
  readonly bytes: number;
}

const PARTITION_NAME = /-\d+$/;
/** What is being removed has this name, so that nobody opens it. A sweep that was killed leaves it to the next one. */
const SWEPT_PREFIX = '.swept-';

/**
 * Leaves alone what somebody has open, and every directory that has something else in it than this ledger's files.
 * Rejects with `ledger.disk-failed`; what was not swept then is left to the next sweep.
 */
export async function sweepDirectories(options: SweepOptions): Promise<readonly SweptDirectory[]> {
  const swept: SweptDirectory[] = [];
  for (const group of await subdirectories(options.directory)) {
    const parent = join(options.directory, group);
    for (const name of await subdirectories(parent)) {
      const isLeftOver = name.startsWith(SWEPT_PREFIX);
      if (isLeftOver) await remove(join(parent, name));
      if (isLeftOver || !PARTITION_NAME.test(name)) continue;
      const bytes = setAside(parent, name, options.unusedSinceMs);
      if (bytes === undefined) continue;
      await remove(join(parent, SWEPT_PREFIX + name));
      swept.push({ path: join(parent, name), bytes });
    }
  }
  return swept;
}

/**
 * Renames it while both it and its parent are locked, so that its next owner finds it whole or not at all. Returns its
 * bytes, or undefined where it stays.
 */
function setAside(parent: string, name: string, unusedSinceMs: number): number | undefined {
  const path = join(parent, name);
  try {
    if (unusedBytes(path, unusedSinceMs) === undefined) return undefined;
    return whileLocked(parent, () => {
      const lock = tryLock(path);
      try {
        // Its owner may have come, written and gone since the first look.
        const bytes = lock === undefined ? undefined : unusedBytes(path, unusedSinceMs);
        if (bytes !== undefined) renameSync(path, join(parent, SWEPT_PREFIX + name));
        return bytes;
      } finally {
        lock?.release();
      }
    });
  } catch (error) {
    throw diskFault(`sweeping ${path}`, error);
  }
}

/** The bytes of a directory that nobody has written to since; undefined for any other. */
function unusedBytes(path: string, unusedSinceMs: number): number | undefined {
  // SQLite has a journal there while the lock is held, also by us.
  const names = readdirSync(path).filter((name) => name !== `${LOCK_FILE}-journal`);
  if (!names.every((name) => name === LOCK_FILE || SEGMENT_NAME.test(name))) return undefined;
  const files = names.map((name) => statSync(join(path, name)));
  const isUnused = files.every(({ mtimeMs }) => mtimeMs < unusedSinceMs);
  return isUnused ? files.reduce((sum, { size }) => sum + size, 0) : undefined;
}

async function subdirectories(directory: string): Promise<readonly string[]> {
  const read = (): Promise<Dirent[]> => readdir(directory, { withFileTypes: true });
  const entries = await onDisk(`reading ${directory}`, () =>
    read().catch((error: unknown) => {
      if ((error as { code?: string }).code === 'ENOENT') return [];
      throw error;
    }),
  );
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

async function remove(path: string): Promise<void> {
  await onDisk(`removing ${path}`, () => rm(path, { recursive: true, force: true }));
}
