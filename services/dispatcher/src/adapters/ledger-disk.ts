/** The disk that the ledger's folder is on, at each scrape. */
import { statfs } from 'node:fs/promises';

export interface LedgerDisk {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Undefined where the folder is not there yet, or the system does not tell: a scrape must not fail for it. */
export async function readLedgerDisk(directory: string): Promise<LedgerDisk | undefined> {
  try {
    const { bavail, blocks, bsize } = await statfs(directory);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch {
    return undefined;
  }
}
