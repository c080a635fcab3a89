/** One instance of a service over its lives: started, stopped, killed and started again with the same configuration. */
import { join } from 'node:path';
import { spawnService, type ServiceProcess } from '@astrolabe/testkit';
import { openLogFile } from './log-file.ts';

export interface ServiceInstanceOptions {
  /** Unique within the pipeline: `mapper`, `mapper-2`. */
  readonly name: string;
  /** The service's `main.ts`. */
  readonly entry: URL;
  readonly env: Readonly<Record<string, string>>;
  /** Variable for the port that takes events or calls. The port of the first life is kept for the later ones. */
  readonly portVariable?: string;
  readonly logs: string;
  /** Called when a life ends that nobody ended; the text says how, and where its log is. */
  readonly onUnexpectedEnd: (what: string) => void;
}

export interface ServiceInstance {
  readonly name: string;
  /** Its present life, or the last one. */
  readonly process: ServiceProcess;
  /** Where its metrics are; another port in each life. */
  readonly metricsUrl: string;
  readonly logFile: string;
  /** Resolves when it is ready. A second call while it runs does nothing. */
  start(): Promise<void>;
  /** SIGTERM; resolves when it has ended with exit code 0, and rejects when it ends otherwise. One that has ended before stays as it is. */
  stop(): Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  restart(): Promise<void>;
}

/** Starts the first life and resolves when it is ready; rejects with the end of its output. */
export async function startServiceInstance(options: ServiceInstanceOptions): Promise<ServiceInstance> {
  const { name, entry, env, portVariable, logs, onUnexpectedEnd } = options;
  const logFile = join(logs, `${name}.log`);
  let port = '0';

  const live = async (): Promise<Life> => {
    const log = openLogFile(logFile);
    try {
      const process = await spawnService({
        name,
        entry,
        env: portVariable === undefined ? env : { ...env, [portVariable]: port },
        onLine: (line) => log.append(line),
      });
      const life: Life = { process, isExpectedToEnd: false, hasEnded: false };
      void process.exited.then(async ({ code, signal }) => {
        life.hasEnded = true;
        await log.close();
        if (!life.isExpectedToEnd)
          onUnexpectedEnd(`${name} ended (${signal ?? `exit code ${code}`}); its log: ${logFile}`);
      });
      if (portVariable !== undefined) port = new URL(process.url).port;
      return life;
    } catch (error) {
      await log.close();
      throw error;
    }
  };

  let life = await live();
  const instance: ServiceInstance = {
    name,
    logFile,
    get process() {
      return life.process;
    },
    get metricsUrl() {
      return `${life.process.adminUrl}/metrics`;
    },
    start: async () => {
      if (life.hasEnded) life = await live();
    },
    stop: async () => {
      if (life.hasEnded) return;
      life.isExpectedToEnd = true;
      await life.process.stop();
    },
    kill: async () => {
      life.isExpectedToEnd = true;
      life.process.kill('SIGKILL');
      await life.process.exited;
    },
    restart: async () => {
      await instance.stop();
      await instance.start();
    },
  };
  return instance;
}

interface Life {
  readonly process: ServiceProcess;
  isExpectedToEnd: boolean;
  hasEnded: boolean;
}
