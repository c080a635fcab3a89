import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { startJvmBroker } from './jvm-broker.ts';
import { NO_ARCHIVES, provideClassArchives, type ClassArchives } from './jvm-class-archives.ts';
import type { UsableJvm } from './jvm-installation.ts';
import type { JvmPrograms } from './jvm-programs.ts';
import { startJvmRegistry } from './jvm-registry.ts';
import { runStep, type OnProgress } from '../stack/stack-progress.ts';

/** Fetched and prepared by the first call on a machine, which takes minutes; found by all others. */
export async function provideJvmPrograms(
  { java, javaVersion, provideDownloads }: UsableJvm,
  env: NodeJS.ProcessEnv,
  onProgress: OnProgress,
): Promise<JvmPrograms> {
  const downloads = await provideDownloads(onProgress);
  const archives = await provideClassArchives({
    directory: dirname(dirname(downloads.kafkaClasspath)),
    javaVersion,
    train: (flags, workDirectory) =>
      runStep('archiving classes for quicker starts (once)', onProgress, () =>
        startAndStop({ ...downloads, ...NO_ARCHIVES, java }, flags, env, workDirectory),
      ),
  });
  return { ...downloads, ...archives, java };
}

async function startAndStop(
  programs: JvmPrograms,
  { kafkaFlags, registryFlags }: ClassArchives,
  env: NodeJS.ProcessEnv,
  workDirectory: string,
): Promise<void> {
  const registryDirectory = join(workDirectory, 'registry');
  await mkdir(registryDirectory);
  const starts = [
    startJvmBroker({
      programs,
      extraFlags: kafkaFlags,
      env,
      workDirectory,
      logDirectory: join(workDirectory, 'kafka'),
      // Only a JVM that ends in good order writes its archive.
      keepsData: true,
    }),
    startJvmRegistry({
      programs: { ...programs, registryFlags },
      env,
      workDirectory,
      dataDirectory: registryDirectory,
    }),
  ] as const;
  for (const part of await Promise.allSettled(starts)) {
    if (part.status === 'fulfilled') await part.value.close();
  }
  await Promise.all(starts);
}
