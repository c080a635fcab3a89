/**
 * Kafka's jars and the registry, fetched by Maven once and kept in a folder of the cache that is named for its content.
 * The folder appears by one rename, so it is whole whenever it exists, whatever was killed before.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { cacheDirectory } from '../stack/cache-folder.ts';
import { withFileLock } from './file-lock.ts';
import { guardian } from '../process/guardian-client.ts';
import { spawnGuarded } from '../process/guarded-process.ts';
import { runStep } from '../stack/stack-progress.ts';
import type { OnProgress } from '../stack/stack-progress.ts';
import { APICURIO_VERSION, KAFKA_VERSION } from '../stack/versions.ts';

export interface JvmDownloads {
  /** A class path as `java -cp` takes it. */
  readonly kafkaClasspath: string;
  readonly registryJar: string;
}

const pomPath = fileURLToPath(new URL('../../pom.xml', import.meta.url));
const MAVEN_GOALS = ['dependency:copy-dependencies@kafka', 'dependency:unpack@registry'];
const OUTPUT_LINES_KEPT = 30;

/** Where the downloads of this version are, or will be. */
export async function downloadsDirectory(env: NodeJS.ProcessEnv): Promise<string> {
  const digest = createHash('sha256')
    .update(await readFile(pomPath))
    .digest('hex')
    .slice(0, 8);
  return join(cacheDirectory(env), `kafka-${KAFKA_VERSION}-apicurio-${APICURIO_VERSION}-${digest}`);
}

/** Undefined when they have to be fetched first. */
export async function findDownloads(env: NodeJS.ProcessEnv): Promise<JvmDownloads | undefined> {
  const directory = await downloadsDirectory(env);
  if (!(await isDirectory(directory))) return undefined;
  return {
    kafkaClasspath: join(directory, 'kafka', '*'),
    registryJar: join(directory, 'registry', `apicurio-registry-app-${APICURIO_VERSION}-runner.jar`),
  };
}

export interface FetchOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Path of `mvn`. */
  readonly maven: string;
  readonly onProgress: OnProgress;
}

/**
 * Fetches what is missing. Of several processes one fetches and the others wait. Throws `stack.unavailable` with the
 * end of Maven's output when it fails.
 */
export async function fetchDownloads({ env, maven, onProgress }: FetchOptions): Promise<JvmDownloads> {
  const target = await downloadsDirectory(env);
  await mkdir(dirname(target), { recursive: true });
  const what = `Kafka ${KAFKA_VERSION} and Apicurio Registry ${APICURIO_VERSION} (about 160 MB, once)`;
  return runStep(`downloading ${what}`, onProgress, () =>
    withFileLock(lockPath(target), {}, async () => {
      const present = await findDownloads(env);
      if (present !== undefined) return present;
      await fetchInto(target, { env, maven });
      const fetched = await findDownloads(env);
      if (fetched === undefined) throw new Error(`${target} vanished as soon as it was there`);
      return fetched;
    }),
  );
}

function lockPath(target: string): string {
  return `${target}.lock`;
}

async function fetchInto(target: string, { env, maven }: Omit<FetchOptions, 'onProgress'>): Promise<void> {
  const prefix = `.partial-${basename(target)}-`;
  await removeLeftovers(dirname(target), prefix);
  const partial = join(dirname(target), prefix + randomUUID());
  // The lock too, so that after a kill the next one need not wait until it has grown old.
  const forget = await (await guardian()).watch({ paths: [partial, lockPath(target)] });
  try {
    await mkdir(partial);
    await runMaven({ env, maven, directory: partial });
    await rm(join(partial, 'maven'), { recursive: true, force: true });
    await rename(partial, target).catch(async (error: unknown) => {
      // Another process was quicker: its folder is as good.
      if (!(await isDirectory(target))) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
    await forget();
  }
}

/** Of a machine that went down in the middle of a download. Called with the lock held, so none of them is in use. */
async function removeLeftovers(directory: string, prefix: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => name.startsWith(prefix));
  await Promise.all(names.map((name) => rm(join(directory, name), { recursive: true, force: true })));
}

async function runMaven(options: {
  readonly env: NodeJS.ProcessEnv;
  readonly maven: string;
  readonly directory: string;
}): Promise<void> {
  const running = await spawnGuarded({
    command: options.maven,
    args: ['--batch-mode', '--file', pomPath, `-Dstack.directory=${options.directory}`, ...MAVEN_GOALS],
    env: options.env,
    cwd: options.directory,
    output: 'pipe',
    orphanGraceMs: 1_000,
  });
  const output: string[] = [];
  for (const stream of [running.child.stdout, running.child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      if (line.includes('Downloading from') || line.includes('Downloaded from')) return;
      output.push(line);
      if (output.length > OUTPUT_LINES_KEPT) output.shift();
    });
  }
  const { code, signal } = await running.exited;
  if (code === 0) return;
  throw new PipelineError(
    'stack.unavailable',
    `Maven could not fetch Kafka and the schema registry (${signal ?? `exit code ${code}`}). ` +
      `Check the network and Maven's settings (mirrors and proxies: ~/.m2/settings.xml). Its last output:\n${output.join('\n')}`,
    { retryable: false },
  );
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
