/**
 * Whether any broker answers, asked before anything else, so that a host that says nothing is reported within seconds.
 */
import { readBrokerFeatures, type BrokerAddress } from '@astrolabe/kafka';
import { PipelineError, errorMessage } from '@astrolabe/service-kit/errors';
import { unlessAborted } from '@astrolabe/service-kit/retry';

export interface BrokerSection {
  readonly kafkaBrokers: readonly string[];
  readonly kafkaSsl: boolean;
}

const ANSWER_TIMEOUT_MS = 10_000;

/** Resolves when one of the brokers has answered; rejects with `kafka.unavailable`, which gives the reason for each. */
export async function reachBrokers(
  { kafkaBrokers, kafkaSsl: ssl }: BrokerSection,
  signal: AbortSignal,
  timeoutMs = ANSWER_TIMEOUT_MS,
): Promise<void> {
  const asked = Promise.any(
    kafkaBrokers.map((broker) =>
      readBrokerFeatures(addressOf(broker), { ssl, timeoutMs }).catch((error: unknown) => {
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
      `proxy without a broker behind it, or a listener that expects ${ssl ? 'no TLS (KAFKA_SSL is on)' : 'TLS (KAFKA_SSL is off)'}.`;
    throw new PipelineError('kafka.unavailable', message, { retryable: true, cause: error });
  }
}

/** `host:port`; an IPv6 address is in brackets. */
function addressOf(broker: string): BrokerAddress {
  const colon = broker.lastIndexOf(':');
  return { host: broker.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(broker.slice(colon + 1)) };
}
