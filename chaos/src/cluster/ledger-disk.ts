/** A small disk of its own for each dispatcher's copy of the ledger, that can be filled to the last byte. */
import { execFile } from 'node:child_process';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface LedgerDisk {
  /** For `DISPATCHER_LEDGER_DIRECTORY`. */
  readonly directory: string;
  /** How it is made small: `tmpfs`, or why it is not. */
  readonly kind: 'tmpfs' | 'unbounded';
  /** Leaves no byte free. False where that cannot be done. */
  fill(): Promise<boolean>;
  free(): Promise<void>;
  close(): Promise<void>;
}

const run = promisify(execFile);
const DISK_BYTES = 64 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;

/** Needs the right to mount for `fill`; without it the disk is a folder like any other. */
export async function openLedgerDisk(path: string): Promise<LedgerDisk> {
  await mkdir(path, { recursive: true });
  const isMounted = await run('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', path]).then(
    () => true,
    () => false,
  );
  const ballast = join(path, 'ballast');
  return {
    directory: join(path, 'ledger'),
    kind: isMounted ? 'tmpfs' : 'unbounded',
    fill: async () => {
      if (!isMounted) return false;
      await writeUntilFull(ballast);
      return true;
    },
    free: () => rm(ballast, { force: true }),
    close: async () => {
      if (isMounted) await run('umount', ['--lazy', path]);
    },
  };
}

async function writeUntilFull(path: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (let chunk = Buffer.alloc(CHUNK_BYTES); chunk.length > 0;) {
      try {
        const { bytesWritten } = await file.write(chunk);
        if (bytesWritten < chunk.length) chunk = chunk.subarray(0, bytesWritten);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        chunk = chunk.subarray(0, Math.floor(chunk.length / 2));
      }
    }
  } finally {
    await file.close();
  }
}
