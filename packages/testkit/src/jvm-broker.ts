import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BrokerControl } from './broker-control.ts';
import { brokerProperties, toPropertiesFile } from './broker-properties.ts';
import type { BrokerLayout } from './broker-properties.ts';
import { findFreePorts } from './free-ports.ts';
import { formatIfNew, newClusterId } from './jvm-broker-storage.ts';
import type { BrokerHome } from './jvm-broker-storage.ts';
import { retryOnTakenPort, startJvm } from './jvm-process.ts';
import type { JvmProcess } from './jvm-process.ts';
import { LOG_FLAGS } from './jvm-log-flags.ts';
import { waitForBroker } from './readiness.ts';
import type { WaitOptions } from './readiness.ts';

export interface JvmBrokerOptions extends BrokerHome {
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
const HEAP_MEGABYTES = 512;

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
    await formatIfNew(options, layout, newClusterId());
    return runJvmBroker(options, {
      properties: brokerProperties(layout),
      heapMegabytes: HEAP_MEGABYTES,
      address: `${HOST}:${clientPort}`,
      waitUntilReady: waitForBroker,
    });
  });
}

export interface BrokerRun {
  readonly properties: Readonly<Record<string, string>>;
  readonly heapMegabytes: number;
  /** Of the listener for clients, as the broker binds it. */
  readonly address: string;
  /** Decides when a start is over. */
  readonly waitUntilReady: (address: string, options: WaitOptions) => Promise<void>;
  /**
   * Given, a broker that ends by itself is started again, as a supervisor does where brokers are run for others, and told of. Otherwise it stays
   * down, and a start that fails rejects.
   */
  readonly onCrash?: (failure: Error) => void;
}

/**
 * A broker that fails for so long does not come back. Kafka 4.2's controllers end in races of their own where elections follow each other
 * quickly ("Cannot transition to Follower with leader 3 and epoch 21 since it matches the local node.id"), several times in a row at times.
 */
const RESTARTS_WITHIN_MS = 180_000;
const RESTART_PAUSE_MS = 1_000;

/** Starts a broker whose storage is formatted; it may be one of several. */
export async function runJvmBroker(options: JvmBrokerOptions, run: BrokerRun): Promise<JvmBroker> {
  const { address } = run;
  const propertiesPath = join(options.workDirectory, 'server.properties');
  await writeFile(propertiesPath, toPropertiesFile(run.properties));
  async function launch(): Promise<JvmProcess> {
    const jvm = await startJvm({
      name: 'the Kafka broker',
      java: options.java,
      args: [
        `-Xmx${run.heapMegabytes}m`,
        '-XX:+UseSerialGC',
        ...LOG_FLAGS,
        '-cp',
        options.classpath,
        'kafka.Kafka',
        propertiesPath,
      ],
      env: options.env,
      cwd: options.workDirectory,
      logPath: join(options.workDirectory, 'kafka.log'),
      orphanGraceMs: options.keepsData ? STOP_GRACE_MS : 0,
    });
    try {
      await run.waitUntilReady(address, { timeoutMs: READY_TIMEOUT_MS, failure: () => jvm.failure() });
    } catch (error) {
      await jvm.process.stop({ graceMs: 0 });
      throw error;
    }
    return jvm;
  }

  const { onCrash } = run;
  let isWanted = true;
  let current = await launch();
  let restarting: Promise<void> = Promise.resolve();

  async function relaunch(): Promise<void> {
    const giveUpAtMs = performance.now() + RESTARTS_WITHIN_MS;
    for (;;) {
      try {
        current = await launch();
        return supervise(current);
      } catch (failure) {
        if (onCrash === undefined || performance.now() > giveUpAtMs) throw failure;
        onCrash(failure as Error);
        // Somebody wants it down by now, and decides when it comes back.
        if (!isWanted) return;
        await sleep(RESTART_PAUSE_MS);
      }
    }
  }

  function supervise(jvm: JvmProcess): void {
    if (onCrash === undefined) return;
    void jvm.process.exited.then(() => {
      if (!isWanted || current !== jvm) return;
      onCrash(jvm.failure() ?? new Error(`the broker at ${address} ended`));
      // One that cannot be brought back shows by what its absence does, and to whoever stops or starts it next.
      restarting = relaunch().catch((failure: unknown) => {
        onCrash(failure as Error);
      });
    });
  }

  async function end(graceMs: number): Promise<void> {
    isWanted = false;
    await restarting;
    await current.process.stop({ graceMs });
  }

  supervise(current);
  return {
    address,
    stop: () => end(STOP_GRACE_MS),
    kill: () => end(0),
    async start() {
      if (current.process.exit === undefined) throw new Error(`the broker at ${address} still runs`);
      isWanted = true;
      await relaunch();
    },
    pause() {
      current.process.kill('SIGSTOP');
      return Promise.resolve();
    },
    resume() {
      current.process.kill('SIGCONT');
      return Promise.resolve();
    },
    close: () => end(options.keepsData ? STOP_GRACE_MS : 0),
  };
}
