import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrokerControl } from '../stack/broker-control.ts';
import { brokerProperties, toPropertiesFile } from '../stack/broker-properties.ts';
import type { BrokerLayout } from '../stack/broker-properties.ts';
import { findFreePorts } from '../network/free-ports.ts';
import { formatIfNew, newClusterId } from './jvm-broker-storage.ts';
import type { BrokerHome } from './jvm-broker-storage.ts';
import { isShortLived } from '../stack-choice/own-stack-environment.ts';
import { retryOnTakenPort, startJvm } from './jvm-process.ts';
import type { JvmProcess } from './jvm-process.ts';
import { LOG_FLAGS } from './jvm-log-flags.ts';
import { waitForBroker } from '../stack/readiness.ts';
import type { WaitOptions } from '../stack/readiness.ts';
import { SupervisedBroker } from './supervised-broker.ts';

export interface JvmBrokerOptions extends BrokerHome {
  /** Whether the data is worth an orderly end when the stack stops. */
  readonly keepsData: boolean;
  readonly extraFlags?: readonly string[];
  /** Of what the broker prints, appended. Default: in its work directory. */
  readonly logPath?: string;
}

export interface JvmBroker extends BrokerControl {
  /** For good. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const NODE_ID = 1;
const READY_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 30_000;
const HEAP_MEGABYTES = 512;
/** The thorough compiler alone takes two seconds of CPU of a start. */
const QUICK_COMPILER = ['-XX:TieredStopAtLevel=1'];

/**
 * Starts a broker, a cluster of one, on free ports of the loopback interface; resolves when it is ready for clients.
 */
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
    await formatIfNew(options, layout, newClusterId());
    return runJvmBroker(options, {
      properties: brokerProperties(layout),
      heapMegabytes: HEAP_MEGABYTES,
      isShortLived: isShortLived(options.env),
      address: `${HOST}:${clientPort}`,
      waitUntilReady: waitForBroker,
    });
  });
}

export interface BrokerRun {
  readonly properties: Readonly<Record<string, string>>;
  readonly heapMegabytes: number;
  /** Its code is compiled quickly rather than well. */
  readonly isShortLived: boolean;
  /** Of the listener for clients, as the broker binds it. */
  readonly address: string;
  /** Decides when a start is over. */
  readonly waitUntilReady: (address: string, options: WaitOptions) => Promise<void>;
  /**
   * Given, a broker that ends by itself is started again, as a supervisor does where brokers are run for others, and
   * told of. Otherwise it stays down, and a start that fails rejects.
   */
  readonly onCrash?: (failure: Error) => void;
}

/** Starts a broker whose storage is formatted; it may be one of several. */
export async function runJvmBroker(options: JvmBrokerOptions, run: BrokerRun): Promise<JvmBroker> {
  const { programs, extraFlags = [] } = options;
  const { address } = run;
  const propertiesPath = join(options.workDirectory, 'server.properties');
  await writeFile(propertiesPath, toPropertiesFile(run.properties));
  async function launch(): Promise<JvmProcess> {
    const jvm = await startJvm({
      name: 'the Kafka broker',
      java: programs.java,
      args: [
        `-Xmx${run.heapMegabytes}m`,
        '-XX:+UseSerialGC',
        ...(run.isShortLived ? QUICK_COMPILER : []),
        ...programs.kafkaFlags,
        ...extraFlags,
        ...LOG_FLAGS,
        '-cp',
        programs.kafkaClasspath,
        'kafka.Kafka',
        propertiesPath,
      ],
      env: options.env,
      cwd: options.workDirectory,
      logPath: options.logPath ?? join(options.workDirectory, 'kafka.log'),
      orphanGraceMs: options.keepsData ? STOP_GRACE_MS : 0,
    });
    try {
      await run.waitUntilReady(address, { timeoutMs: READY_TIMEOUT_MS, failure: () => jvm.failure() });
    } catch (error) {
      if (jvm.failure() !== undefined) throw error;
      await jvm.process.stop({ graceMs: 0 });
      throw new Error(`${(error as Error).message}; the end of its log:\n${jvm.logTail()}`, { cause: error });
    }
    return jvm;
  }

  const broker = new SupervisedBroker({ launch, onCrash: run.onCrash, name: `the broker at ${address}` });
  await broker.start();
  return {
    address,
    processId: () => broker.processId(),
    start: () => broker.start(),
    stop: () => broker.end(STOP_GRACE_MS),
    kill: () => broker.end(0),
    pause() {
      broker.signal('SIGSTOP');
      return Promise.resolve();
    },
    resume() {
      broker.signal('SIGCONT');
      return Promise.resolve();
    },
    close: () => broker.end(options.keepsData ? STOP_GRACE_MS : 0),
  };
}
