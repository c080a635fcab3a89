/**
 * Java's archives of loaded classes (class data sharing): with them a broker starts with 2 s of CPU instead of 5, and a
 * registry with 4 instead of 6. They are made once for each Java, by a start of both that ends in good order, and kept
 * beside the downloads.
 */
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withFileLock } from './file-lock.ts';
import { guardian } from '../process/guardian-client.ts';

export interface ClassArchives {
  /** Flags for every JVM of Kafka's class path. */
  readonly kafkaFlags: readonly string[];
  readonly registryFlags: readonly string[];
}

export const NO_ARCHIVES: ClassArchives = { kafkaFlags: [], registryFlags: [] };

export interface ArchivesOptions {
  /** Of the downloads. */
  readonly directory: string;
  readonly javaVersion: string;
  /** Starts broker and registry with these flags in this folder, and stops them in good order. */
  readonly train: (flags: ClassArchives, workDirectory: string) => Promise<void>;
}

const archiveOf = (program: 'kafka' | 'registry', folder: string): string => join(folder, `${program}.jsa`);

/**
 * Of several processes one makes the archives and the others wait. They only save time: where they cannot be made, say
 * in a folder that cannot be written, everything starts without.
 */
export async function provideClassArchives(options: ArchivesOptions): Promise<ClassArchives> {
  const folder = join(options.directory, `classes-java-${options.javaVersion}`);
  try {
    if (!(await exists(folder))) {
      await withFileLock(`${folder}.lock`, {}, async () => {
        if (!(await exists(folder))) await make(folder, options);
      });
    }
  } catch {
    return NO_ARCHIVES;
  }
  const { kafkaFlags, registryFlags } = flagsFor('SharedArchiveFile', folder);
  return {
    kafkaFlags: (await exists(archiveOf('kafka', folder))) ? kafkaFlags : [],
    registryFlags: (await exists(archiveOf('registry', folder))) ? registryFlags : [],
  };
}

function flagsFor(flag: 'SharedArchiveFile' | 'ArchiveClassesAtExit', folder: string): ClassArchives {
  return {
    kafkaFlags: [`-XX:${flag}=${archiveOf('kafka', folder)}`],
    registryFlags: [`-XX:${flag}=${archiveOf('registry', folder)}`],
  };
}

/** Beside the final place and renamed: one that was cut short is not taken for a finished one. */
async function make(folder: string, { train }: ArchivesOptions): Promise<void> {
  const partial = `${folder}.partial`;
  const workDirectory = await mkdtemp(join(tmpdir(), 'astrolabe-classes-'));
  const forget = await (await guardian()).watch({ paths: [partial, workDirectory, `${folder}.lock`] });
  try {
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial);
    await train(flagsFor('ArchiveClassesAtExit', partial), workDirectory);
    await rename(partial, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
    await rm(workDirectory, { recursive: true, force: true, maxRetries: 5 });
    await forget();
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
