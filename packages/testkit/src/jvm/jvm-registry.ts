import { join } from 'node:path';
import { findFreePorts } from '../network/free-ports.ts';
import type { JvmPrograms } from './jvm-programs.ts';
import { retryOnTakenPort, startJvm } from './jvm-process.ts';
import { waitForRegistry } from '../stack/readiness.ts';
import { registryStorage } from '../stack/registry-storage.ts';

export interface JvmRegistryOptions {
  readonly programs: JvmPrograms;
  readonly env: NodeJS.ProcessEnv;
  readonly workDirectory: string;
  /** Where its database is kept. Undefined: in memory. */
  readonly dataDirectory: string | undefined;
}

export interface JvmRegistry {
  /** Base URL of the Confluent API. */
  readonly url: string;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const READY_TIMEOUT_MS = 90_000;
const STOP_GRACE_MS = 30_000;
/** A server that starts often and works little: the thorough compiler would only take time from the broker. */
const FLAGS = ['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

export async function startJvmRegistry(options: JvmRegistryOptions): Promise<JvmRegistry> {
  const { programs, env, workDirectory, dataDirectory } = options;
  return retryOnTakenPort(async () => {
    const [port = 0] = await findFreePorts(1);
    const settings = {
      'quarkus.http.host': HOST,
      'quarkus.http.port': String(port),
      'quarkus.http.access-log.enabled': 'false',
      ...registryStorage(dataDirectory),
    };
    const jvm = await startJvm({
      name: 'the schema registry',
      java: programs.java,
      args: [
        ...FLAGS,
        ...programs.registryFlags,
        ...Object.entries(settings).map(([key, value]) => `-D${key}=${value}`),
        '-jar',
        programs.registryJar,
      ],
      env,
      cwd: workDirectory,
      logPath: join(workDirectory, 'registry.log'),
      orphanGraceMs: dataDirectory === undefined ? 0 : STOP_GRACE_MS,
    });
    try {
      const url = await waitForRegistry(`http://${HOST}:${port}`, {
        timeoutMs: READY_TIMEOUT_MS,
        failure: () => jvm.failure(),
      });
      return {
        url,
        async close() {
          await jvm.process.stop({ graceMs: dataDirectory === undefined ? 0 : STOP_GRACE_MS });
        },
      };
    } catch (error) {
      await jvm.process.stop({ graceMs: 0 });
      throw error;
    }
  });
}
