/** The disk that the dispatcher's ledger is on. */
import type { Dirent } from 'node:fs';
import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { configValues, defineConfig, readConfig, type Environment } from '@astrolabe/service-kit';
import { errorMessage } from '@astrolabe/service-kit/errors';
import { problem, type Finding } from './finding.ts';
import { judgeLedgerFolder, type LedgerFolder } from './judge-ledger.ts';

/** The dispatcher's own variables. */
export const ledgerConfig = defineConfig({
  ledgerDirectory: {
    env: 'DISPATCHER_LEDGER_DIRECTORY',
    schema: configValues.text('the path of a folder'),
    default: '/tmp/astrolabe-ledger',
    description: "The dispatcher's: where the copy of the delivery ledger is.",
  },
  ledgerWindowHours: {
    env: 'DISPATCHER_LEDGER_WINDOW_HOURS',
    schema: configValues.integer({ min: 1, max: 24 * 365 }),
    default: 48,
    description: "The dispatcher's: how long a delivery is known, in hours.",
  },
});

export async function examineLedgerFolder(env: Environment): Promise<Finding[]> {
  try {
    const { ledgerDirectory } = readConfig(ledgerConfig, env);
    return judgeLedgerFolder(ledgerDirectory, await measure(ledgerDirectory));
  } catch (error) {
    const meaning = 'a dispatcher that cannot read or write its ledger does not take its partitions';
    return [
      problem('delivery ledger', errorMessage(error), meaning, 'check DISPATCHER_LEDGER_DIRECTORY and its rights'),
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
    // A dispatcher that runs removes old files meanwhile.
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => stat(join(entry.parentPath, entry.name)).catch(() => undefined)),
  );
  const { bavail, bsize } = await statfs(path);
  return { path, usedBytes: sizes.reduce((sum, file) => sum + (file?.size ?? 0), 0), freeBytes: bavail * bsize };
}
