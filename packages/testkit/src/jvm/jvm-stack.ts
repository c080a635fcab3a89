import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guardian } from '../process/guardian-client.ts';
import { startJvmBroker } from './jvm-broker.ts';
import { startJvmRegistry } from './jvm-registry.ts';
import type { JvmPrograms } from './jvm-programs.ts';
import { startTogether } from '../stack/start-together.ts';
import type { RunningStack } from '../stack/running-stack.ts';
import { runStep } from '../stack/stack-progress.ts';
import type { OnProgress } from '../stack/stack-progress.ts';

export interface JvmStackOptions {
  readonly programs: JvmPrograms;
  readonly env: NodeJS.ProcessEnv;
  /** Kept from one start to the next. Undefined: a temporary folder that is removed. */
  readonly dataDir: string | undefined;
  readonly onProgress: OnProgress;
}

/** Broker and registry as processes of this machine, started side by side. */
export async function startJvmStack(options: JvmStackOptions): Promise<RunningStack> {
  const { programs, env, dataDir, onProgress } = options;
  const workDirectory = await mkdtemp(join(tmpdir(), 'astrolabe-stack-'));
  const forget = await (await guardian()).watch({ paths: [workDirectory] });
  async function removeWork(): Promise<void> {
    await rm(workDirectory, { recursive: true, force: true, maxRetries: 5 });
    await forget();
  }

  try {
    const dataDirectory = dataDir ?? workDirectory;
    const registryData = dataDir === undefined ? undefined : join(dataDir, 'registry');
    await mkdir(registryData ?? dataDirectory, { recursive: true });
    const [broker, registry] = await startTogether(
      () =>
        runStep('starting Kafka', onProgress, () =>
          startJvmBroker({
            programs,
            env,
            workDirectory,
            logDirectory: join(dataDirectory, 'kafka'),
            keepsData: dataDir !== undefined,
          }),
        ),
      () =>
        runStep('starting the schema registry', onProgress, () =>
          startJvmRegistry({ programs, env, workDirectory, dataDirectory: registryData }),
        ),
    );
    return {
      kafkaBrokers: broker.address,
      schemaRegistryUrl: registry.url,
      kafka: broker,
      async stop() {
        await Promise.all([broker.close(), registry.close()]);
        await removeWork();
      },
    };
  } catch (error) {
    await removeWork();
    throw error;
  }
}
