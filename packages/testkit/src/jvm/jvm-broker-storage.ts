/** A broker's storage, formatted once by Kafka's own tool. */
import { randomBytes } from 'node:crypto';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brokerProperties, toPropertiesFile } from '../stack/broker-properties.ts';
import type { BrokerLayout } from '../stack/broker-properties.ts';
import { LOG_FLAGS } from './jvm-log-flags.ts';
import type { JvmPrograms } from './jvm-programs.ts';
import { startJvm } from './jvm-process.ts';

/** A short run: compiling it thoroughly would take longer than it does. */
const FORMAT_FLAGS = ['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', ...LOG_FLAGS];

/** Where a broker is run and keeps its data. */
export interface BrokerHome {
  readonly programs: JvmPrograms;
  readonly env: NodeJS.ProcessEnv;
  /** Configuration and log; exists. */
  readonly workDirectory: string;
  /** The broker's storage; formatted when it does not exist. */
  readonly logDirectory: string;
}

/** Formats beside the final place and renames, so that a format that was killed is not taken for a finished one. */
export async function formatIfNew(home: BrokerHome, layout: BrokerLayout, clusterId: string): Promise<void> {
  const { programs, env, workDirectory, logDirectory } = home;
  if (await exists(join(logDirectory, 'meta.properties'))) return;
  const unfinished = `${logDirectory}.unformatted`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  const propertiesPath = join(workDirectory, 'format.properties');
  await writeFile(propertiesPath, toPropertiesFile(brokerProperties({ ...layout, logDirectory: unfinished })));
  const jvm = await startJvm({
    name: "Kafka's storage tool",
    java: programs.java,
    args: [
      ...FORMAT_FLAGS,
      ...programs.kafkaFlags,
      '-cp',
      programs.kafkaClasspath,
      'kafka.tools.StorageTool',
      'format',
      `--cluster-id=${clusterId}`,
      `--config=${propertiesPath}`,
    ],
    env,
    cwd: workDirectory,
    logPath: join(workDirectory, 'kafka-format.log'),
    orphanGraceMs: 0,
  });
  const { code } = await jvm.process.exited;
  if (code !== 0) throw jvm.failure() ?? new Error("Kafka's storage tool failed");
  await rm(logDirectory, { recursive: true, force: true });
  await rename(unfinished, logDirectory);
}

/** Kafka's form of a UUID: 16 bytes in base64url. */
export function newClusterId(): string {
  return randomBytes(16).toString('base64url');
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
