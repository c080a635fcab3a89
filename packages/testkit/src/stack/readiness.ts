import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { scaledTimeoutMs } from '../timeout-factor.ts';
import { REGISTRY_API_PATH } from './versions.ts';

export interface WaitOptions {
  readonly timeoutMs: number;
  /** Thrown out of the wait as soon as it gives an error: the process that is waited for has ended. */
  readonly failure: () => Error | undefined;
}

const POLL_MS = 50;
/** Of one answer. The coordinators' topics are created by the first question, which takes a while on a busy machine. */
const ANSWER_TIMEOUT_MS = 5_000;

/**
 * Waits until a broker can do all that the pipeline asks of it: tell metadata, coordinate a consumer group, coordinate
 * a transaction. An open port says none of these.
 */
export async function waitForBroker(broker: string, options: WaitOptions): Promise<void> {
  const deadlineMs = Date.now() + scaledTimeoutMs(options.timeoutMs);
  await pollUntil(deadlineMs, options, () => acceptsConnection(broker));
  // Loaded here, since most tests that use this package start no broker.
  const { checkCoordinators } = await import('./coordinator-check.ts');
  await pollUntil(deadlineMs, options, () =>
    checkCoordinators({ broker, timeoutMs: ANSWER_TIMEOUT_MS, retryMs: POLL_MS }),
  );
}

/** Waits until a broker takes connections, which is all that can be asked of one whose peers may be away. */
export async function waitUntilAccepted(broker: string, options: WaitOptions): Promise<void> {
  await pollUntil(Date.now() + scaledTimeoutMs(options.timeoutMs), options, () => acceptsConnection(broker));
}

/** Waits until the registry lists its subjects. Returns the base URL of its Confluent API. */
export async function waitForRegistry(origin: string, options: WaitOptions): Promise<string> {
  const url = origin + REGISTRY_API_PATH;
  await pollUntil(Date.now() + scaledTimeoutMs(options.timeoutMs), options, async () => {
    const response = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`the registry answered ${response.status}`);
  });
  return url;
}

/** Resolves when something listens at `host:port`. */
export async function acceptsConnection(address: string): Promise<void> {
  const separator = address.lastIndexOf(':');
  const socket = connect({ host: address.slice(0, separator), port: Number(address.slice(separator + 1)) });
  socket.setTimeout(ANSWER_TIMEOUT_MS);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
      socket.once('timeout', () => reject(new Error(`no connection to ${address} within ${ANSWER_TIMEOUT_MS} ms`)));
    });
  } finally {
    socket.destroy();
  }
}

async function pollUntil(
  deadlineMs: number,
  { timeoutMs, failure }: WaitOptions,
  attempt: () => Promise<void>,
): Promise<void> {
  for (;;) {
    const failed = failure();
    if (failed !== undefined) throw failed;
    try {
      await attempt();
      return;
    } catch (error) {
      if (Date.now() >= deadlineMs) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`not ready within ${scaledTimeoutMs(timeoutMs)} ms: ${reason}`, { cause: error });
      }
      await sleep(POLL_MS);
    }
  }
}
