import type { ContainerRuntimeClient } from 'testcontainers';
import type { BrokerControl } from '../stack/broker-control.ts';

type Container = ReturnType<ContainerRuntimeClient['container']['getById']>;

export interface BrokerContainerOptions {
  readonly container: Container;
  readonly address: string;
  readonly waitUntilReady: () => Promise<void>;
}

/** Seconds between SIGTERM and SIGKILL. */
const STOP_GRACE_SECONDS = 30;

/**
 * Controls by the engine's own calls: testcontainers can stop a container, but not start it again. The port is a fixed
 * one.
 */
export function controlBrokerContainer({ container, address, waitUntilReady }: BrokerContainerOptions): BrokerControl {
  let paused = false;
  async function resume(): Promise<void> {
    if (!paused) return;
    await container.unpause();
    paused = false;
  }
  return {
    address,
    processId: () => undefined,
    async stop() {
      await resume();
      await container.stop({ t: STOP_GRACE_SECONDS });
    },
    async kill() {
      // A paused container takes no signal.
      await resume();
      await container.kill({ signal: 'SIGKILL' });
      await container.wait();
    },
    async start() {
      await container.start();
      await waitUntilReady();
    },
    async pause() {
      await container.pause();
      paused = true;
    },
    resume,
  };
}
