import { randomBytes } from 'node:crypto';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrokerControl } from './broker-control.ts';
import { brokerProperties, toPropertiesFile } from './broker-properties.ts';
import type { BrokerLayout } from './broker-properties.ts';
import { findFreePorts } from './free-ports.ts';
import { retryOnTakenPort, startJvm } from './jvm-process.ts';
import type { JvmProcess } from './jvm-process.ts';
import { waitForBroker } from './readiness.ts';

export interface JvmBrokerOptions {
  readonly java: string;
  readonly classpath: string;
  readonly env: NodeJS.ProcessEnv;
  /** Configuration and log; exists. */
  readonly workDirectory: string;
  /** The broker's storage; formatted when it does not exist. */
  readonly logDirectory: string;
  /** Whether the data is worth an orderly end when the stack stops. */
  readonly keepsData: boolean;
}

export interface JvmBroker extends BrokerControl {
  /** For good. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const NODE_ID = 1;
const READY_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 30_000;
/** The broker's log holds what went wrong; its INFO lines alone would be megabytes in a day. */
const LOG_FLAGS = [
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS',
];
const BROKER_FLAGS = ['-Xmx512m', '-XX:+UseSerialGC', ...LOG_FLAGS];
/** A short run: compiling it thoroughly would take longer than it does. */
const FORMAT_FLAGS = ['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', ...LOG_FLAGS];

/** Starts a broker, a cluster of one, on free ports of the loopback interface; resolves when it is ready for clients. */
export async function startJvmBroker(options: JvmBrokerOptions): Promise<JvmBroker> {
  return retryOnTakenPort(async () => {
    const [clientPort = 0, controllerPort = 0] = await findFreePorts(2);
    const layout: BrokerLayout = {
      nodeId: NODE_ID,
      listeners: [{ name: 'CLIENT', host: HOST, port: clientPort }],
      interBrokerListener: 'CLIENT',
      controllerListener: { name: 'CONTROLLER', host: HOST, port: controllerPort },
      voters: [{ nodeId: NODE_ID, host: HOST, port: controllerPort }],
      logDirectory: options.logDirectory,
    };
    await formatIfNew(options, layout);
    const propertiesPath = join(options.workDirectory, 'server.properties');
    await writeFile(propertiesPath, toPropertiesFile(brokerProperties(layout)));
    return runBroker(options, { propertiesPath, address: `${HOST}:${clientPort}` });
  });
}

async function runBroker(
  options: JvmBrokerOptions,
  { propertiesPath, address }: { readonly propertiesPath: string; readonly address: string },
): Promise<JvmBroker> {
  async function launch(): Promise<JvmProcess> {
    const jvm = await startJvm({
      name: 'the Kafka broker',
      java: options.java,
      args: [...BROKER_FLAGS, '-cp', options.classpath, 'kafka.Kafka', propertiesPath],
      env: options.env,
      cwd: options.workDirectory,
      logPath: join(options.workDirectory, 'kafka.log'),
      orphanGraceMs: options.keepsData ? STOP_GRACE_MS : 0,
    });
    try {
      await waitForBroker(address, { timeoutMs: READY_TIMEOUT_MS, failure: () => jvm.failure() });
    } catch (error) {
      await jvm.process.stop({ graceMs: 0 });
      throw error;
    }
    return jvm;
  }

  let current = await launch();
  return {
    address,
    async stop() {
      await current.process.stop({ graceMs: STOP_GRACE_MS });
    },
    async kill() {
      await current.process.stop({ graceMs: 0 });
    },
    async start() {
      if (current.process.exit === undefined) throw new Error(`the broker at ${address} still runs`);
      current = await launch();
    },
    pause() {
      current.process.kill('SIGSTOP');
      return Promise.resolve();
    },
    resume() {
      current.process.kill('SIGCONT');
      return Promise.resolve();
    },
    async close() {
      await current.process.stop({ graceMs: options.keepsData ? STOP_GRACE_MS : 0 });
    },
  };
}

/** Formats beside the final place and renames, so that a format that was killed is not taken for a finished one. */
async function formatIfNew(options: JvmBrokerOptions, layout: BrokerLayout): Promise<void> {
  const { java, classpath, env, workDirectory, logDirectory } = options;
  if (await exists(join(logDirectory, 'meta.properties'))) return;
  const unfinished = `${logDirectory}.unformatted`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  const propertiesPath = join(workDirectory, 'format.properties');
  await writeFile(propertiesPath, toPropertiesFile(brokerProperties({ ...layout, logDirectory: unfinished })));
  const jvm = await startJvm({
    name: "Kafka's storage tool",
    java,
    args: [
      ...FORMAT_FLAGS,
      '-cp',
      classpath,
      'kafka.tools.StorageTool',
      'format',
      `--cluster-id=${newClusterId()}`,
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
function newClusterId(): string {
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
