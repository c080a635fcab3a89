/** The folder that holds what a pipeline on this machine has: data, keys, logs. */
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guardian } from '@astrolabe/testkit';

export interface DataFolder {
  readonly path: string;
  /** Whether the next start finds everything again. */
  readonly isKept: boolean;
  readonly connectorsFile: string;
  /** The API's SQLite database. */
  readonly astrolabeDatabase: string;
  /** A folder for each dispatcher, by its name. */
  readonly ledgers: string;
  /** One file for each process. */
  readonly logs: string;
  /** Removes a folder that is not kept. Synchronous, so that it can be the last thing that a process does. */
  remove(): void;
  /** Lets the folder outlive this process after all. */
  keep(): Promise<void>;
}

/**
 * Creates the named folder, or without a name a temporary one that only its owner can read and that goes with this
 * process, however it ends.
 */
export async function openDataFolder(dataDir: string | undefined): Promise<DataFolder> {
  const path = dataDir ?? (await mkdtemp(join(tmpdir(), 'astrolabe-')));
  let isKept = dataDir !== undefined;
  const forget = isKept ? undefined : await (await guardian()).watch({ paths: [path] });
  const logs = join(path, 'logs');
  await mkdir(logs, { recursive: true });
  return {
    path,
    isKept: dataDir !== undefined,
    connectorsFile: join(path, 'connectors.json'),
    astrolabeDatabase: join(path, 'astrolabe.sqlite'),
    ledgers: join(path, 'ledgers'),
    logs,
    remove: () => {
      if (!isKept) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
    },
    keep: async () => {
      isKept = true;
      await forget?.();
    },
  };
}
