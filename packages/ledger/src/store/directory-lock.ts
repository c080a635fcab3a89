/**
 * Keeps two processes, or two owners within one, from writing the same files. The lock is a file lock of the kernel's,
 * held by way of SQLite since Node has no call for it: it ends with its process, however that ends, and knows nothing
 * of process ids, which mean different things in two containers.
 */
import { mkdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { diskFault, onDisk } from './disk-fault.ts';

export interface DirectoryLock {
  release(): void;
}

export const LOCK_FILE = 'lock';
const POLL_MS = 20;
/** https://www.sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5;

/**
 * Creates the directory where it is missing, and locks it. Waits up to `timeoutMs` for another holder to let go, then
 * rejects with `ledger.locked` (retryable). Rejects with the signal's reason once it is aborted.
 */
export async function lockDirectory(
  directory: string,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<DirectoryLock> {
  const deadline = performance.now() + timeoutMs;
  const parent = dirname(directory);
  await onDisk(`creating ${parent}`, () => mkdir(parent, { recursive: true }));
  for (;;) {
    signal?.throwIfAborted();
    const lock = whileLocked(parent, () => {
      create(directory);
      return tryLock(directory);
    });
    if (lock !== undefined) return lock;
    if (performance.now() >= deadline) {
      const message = `another process holds ${directory}; give each dispatcher a ledger directory of its own`;
      throw new PipelineError('ledger.locked', message, { retryable: true, details: { directory } });
    }
    await sleep(POLL_MS, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
}

/**
 * Runs `action` while nobody else creates or removes a directory in `parent`; returns undefined, without running it,
 * while somebody does. Otherwise a directory could be removed between its creation and its lock, and two owners could
 * hold different files of one name.
 */
export function whileLocked<T>(parent: string, action: () => T): T | undefined {
  const lock = tryLock(parent);
  try {
    return lock === undefined ? undefined : action();
  } finally {
    lock?.release();
  }
}

function create(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw diskFault(`creating ${directory}`, error);
  }
}

/** Of a directory that exists. Undefined while somebody holds it. */
export function tryLock(directory: string): DirectoryLock | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(join(directory, LOCK_FILE), { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
    const held = database;
    return {
      release: () => {
        held.close();
      },
    };
  } catch (error) {
    database?.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw diskFault(`locking ${directory}`, error);
  }
}
