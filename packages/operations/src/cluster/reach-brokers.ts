/**
 * Whether any broker answers, asked before anything else, so that a host that says nothing is reported within seconds.
 */
import { readBrokerFeatures, splitAddress } from '@astrolabe/kafka';
import { PipelineError, errorMessage } from '@astrolabe/service-kit/errors';
import { unlessAborted } from '@astrolabe/service-kit/retry';
import type { TlsMaterial } from '@astrolabe/service-kit/tls';

export interface SeedBrokers {
  /** `host:port`. */
  readonly brokers: readonly string[];
  readonly tls: TlsMaterial | undefined;
}

const ANSWER_TIMEOUT_MS = 10_000;

/** Resolves when one of the brokers has answered; rejects with `kafka.unavailable`, which gives the reason for each. */
export async function reachBrokers(
  { brokers, tls }: SeedBrokers,
  signal: AbortSignal,
  timeoutMs = ANSWER_TIMEOUT_MS,
): Promise<void> {
  const asked = Promise.any(
    brokers.map((broker) =>
      readBrokerFeatures(splitAddress(broker), { tls, timeoutMs }).catch((error: unknown) => {
        throw new Error(`${broker}: ${errorMessage(error)}`);
      }),
    ),
  );
  try {
    await unlessAborted(asked, signal);
  } catch (error) {
    if (!(error instanceof AggregateError)) throw error;
    const reasons = (error.errors as readonly unknown[]).map(errorMessage).join('; ');
    const message =
      `no broker answers (${reasons}). Check KAFKA_BROKERS and the network. A host that accepts the connection but does not answer may be a ` +
      `proxy without a broker behind it, or a listener that expects ${tls !== undefined ? 'no TLS (KAFKA_SSL is on)' : 'TLS (KAFKA_SSL is off)'}.`;
    throw new PipelineError('kafka.unavailable', message, { retryable: true, cause: error });
  }
}
