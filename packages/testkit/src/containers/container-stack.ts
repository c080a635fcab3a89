/** Broker and registry as containers, by testcontainers, whose own reaper removes them when this process is gone. */
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GenericContainer, ImageName, Wait, getContainerRuntimeClient, getReaper } from 'testcontainers';
import type { ContainerRuntimeClient, StartedTestContainer } from 'testcontainers';
import { brokerContainerVariables, registryContainerVariables } from './container-variables.ts';
import { controlBrokerContainer } from './container-broker.ts';
import { findFreePorts } from '../network/free-ports.ts';
import { waitForBroker, waitForRegistry } from '../stack/readiness.ts';
import type { RunningStack } from '../stack/running-stack.ts';
import { runStep } from '../stack/stack-progress.ts';
import type { OnProgress } from '../stack/stack-progress.ts';
import { startTogether } from '../stack/start-together.ts';
import { APICURIO_IMAGE, KAFKA_IMAGE } from '../stack/versions.ts';

export interface ContainerStackOptions {
  /** From `prepareEngine`. */
  readonly client: ContainerRuntimeClient;
  /** Kept from one start to the next. Undefined: gone with the containers. */
  readonly dataDir: string | undefined;
  readonly onProgress: OnProgress;
}

/** The engine answers but cannot run this: an image cannot be had, or the reaper cannot run. Another way may do. */
export class ContainersUnusable extends Error {
  override readonly name = 'ContainersUnusable';
}

const KAFKA_PORT = 9092;
const REGISTRY_PORT = 8080;
const KAFKA_DATA = '/var/lib/kafka/data';
const REGISTRY_DATA = '/var/lib/registry';
const START_TIMEOUT_MS = 120_000;
const READY_WAIT = { timeoutMs: 60_000, failure: () => undefined };
/** Between SIGTERM and SIGKILL when data is kept. */
const STOP_GRACE_MS = 30_000;
const PORT_ATTEMPTS = 3;
const PORT_TAKEN = /port is already allocated|address already in use|ports are not available|failed to bind host port/i;

export async function startContainerStack(options: ContainerStackOptions): Promise<RunningStack> {
  const { client, dataDir, onProgress } = options;
  const host = client.info.containerRuntime.host === 'localhost' ? '127.0.0.1' : client.info.containerRuntime.host;
  const stopOptions = { timeout: dataDir === undefined ? 0 : STOP_GRACE_MS };

  const [broker, registry] = await startTogether(
    () =>
      runStep(`starting ${KAFKA_IMAGE}`, onProgress, async () => {
        const folder = await mountableFolder(dataDir, 'kafka');
        const { container, address } = await startBroker(host, folder);
        const control = controlBrokerContainer({
          container: client.container.getById(container.getId()),
          address,
          waitUntilReady: () => waitForBroker(address, READY_WAIT),
        });
        await orStop(container, () => waitForBroker(address, READY_WAIT));
        return {
          control,
          async close() {
            await control.resume();
            await container.stop(stopOptions);
          },
        };
      }),
    () =>
      runStep(`starting ${APICURIO_IMAGE}`, onProgress, async () => {
        const container = await startRegistry(await mountableFolder(dataDir, 'registry'));
        const origin = `http://${host}:${container.getMappedPort(REGISTRY_PORT)}`;
        const url = await orStop(container, () => waitForRegistry(origin, READY_WAIT));
        return {
          url,
          async close() {
            await container.stop(stopOptions);
          },
        };
      }),
  );
  return {
    kafkaBrokers: broker.control.address,
    schemaRegistryUrl: registry.url,
    kafka: broker.control,
    async stop() {
      await Promise.all([broker.close(), registry.close()]);
    },
  };
}

/** Has everything at hand that a start needs, so that a lack shows before anything runs. Throws ContainersUnusable. */
export async function prepareEngine(onProgress: OnProgress): Promise<ContainerRuntimeClient> {
  let client: ContainerRuntimeClient;
  try {
    client = await getContainerRuntimeClient();
  } catch (error) {
    throw new ContainersUnusable('testcontainers cannot work with the Docker engine', { cause: error });
  }
  await Promise.all(
    [KAFKA_IMAGE, APICURIO_IMAGE].map(async (image) => {
      if (await hasImage(client, image)) return;
      await runStep(`pulling ${image} (once)`, onProgress, () => pullImage(client, image));
    }),
  );
  try {
    // What removes the containers if this process is killed: without it nothing is started.
    await getReaper(client);
  } catch (error) {
    throw new ContainersUnusable(`testcontainers' reaper cannot be started: ${messageOf(error)}`, { cause: error });
  }
  return client;
}

async function hasImage(client: ContainerRuntimeClient, image: string): Promise<boolean> {
  return client.image.exists(ImageName.fromString(image));
}

async function pullImage(client: ContainerRuntimeClient, image: string): Promise<void> {
  try {
    await client.image.pull(ImageName.fromString(image));
  } catch (error) {
    throw new ContainersUnusable(`${image} cannot be pulled: ${messageOf(error)}`, { cause: error });
  }
  // A pull that breaks off in the middle is reported as done.
  if (!(await hasImage(client, image))) throw new ContainersUnusable(`${image} cannot be pulled`);
}

/**
 * The broker has to know at its start the address that it tells clients, so the port is chosen before rather than asked
 * after; somebody may take it in between.
 */
async function startBroker(
  host: string,
  dataFolder: string | undefined,
): Promise<{ container: StartedTestContainer; address: string }> {
  for (let attempt = 1; ; attempt += 1) {
    const [port = 0] = await findFreePorts(1);
    const container = new GenericContainer(KAFKA_IMAGE)
      .withExposedPorts({ container: KAFKA_PORT, host: port })
      .withEnvironment(
        brokerContainerVariables({
          clientPort: KAFKA_PORT,
          advertised: { host, port },
          logDirectory: KAFKA_DATA,
        }),
      )
      .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
      .withStartupTimeout(START_TIMEOUT_MS);
    if (dataFolder !== undefined) container.withBindMounts([{ source: dataFolder, target: KAFKA_DATA }]);
    try {
      return { container: await container.start(), address: `${host}:${port}` };
    } catch (error) {
      if (attempt === PORT_ATTEMPTS || !PORT_TAKEN.test(messageOf(error))) throw error;
    }
  }
}

async function startRegistry(dataFolder: string | undefined): Promise<StartedTestContainer> {
  const container = new GenericContainer(APICURIO_IMAGE)
    .withExposedPorts(REGISTRY_PORT)
    .withEnvironment(
      registryContainerVariables({
        port: REGISTRY_PORT,
        dataDirectory: dataFolder === undefined ? undefined : REGISTRY_DATA,
      }),
    )
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(START_TIMEOUT_MS);
  if (dataFolder !== undefined) container.withBindMounts([{ source: dataFolder, target: REGISTRY_DATA }]);
  return container.start();
}

async function orStop<T>(container: StartedTestContainer, wait: () => Promise<T>): Promise<T> {
  try {
    return await wait();
  } catch (error) {
    await container.stop();
    throw error;
  }
}

/** The images run as users of their own, who have to be able to write what is mounted. */
async function mountableFolder(dataDir: string | undefined, name: string): Promise<string | undefined> {
  if (dataDir === undefined) return undefined;
  const folder = join(dataDir, name);
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o777);
  return folder;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
