/** The disk that the dispatcher's ledger is on. */
import type { Dirent } from 'node:fs';
import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from '@astrolabe/service-kit/errors';
import { problem, type Finding } from './core/finding.ts';
import { judgeLedgerFolder, type LedgerFolder } from './core/judge-ledger.ts';

export async function examineLedgerFolder(directory: string): Promise<Finding[]> {
  try {
    return judgeLedgerFolder(directory, await measure(directory));
  } catch (error) {
    const meaning = 'a dispatcher that cannot read or write its ledger does not process its partitions';
    return [
      problem('delivery ledger', errorMessage(error), meaning, 'check DISPATCHER_LEDGER_DIRECTORY and its permissions'),
    ];
  }
}

async function measure(path: string): Promise<LedgerFolder | undefined> {
  let entries: Dirent[];
  try {
    entries = await readdir(path, { recursive: true, withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const sizes = await Promise.all(
    // A running dispatcher removes old files meanwhile.
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => stat(join(entry.parentPath, entry.name)).catch(() => undefined)),
  );
  const { bavail, bsize } = await statfs(path);
  return { path, usedBytes: sizes.reduce((sum, file) => sum + (file?.size ?? 0), 0), freeBytes: bavail * bsize };
}
