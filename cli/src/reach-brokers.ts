/** Whether any broker answers, asked before anything else, so that a host that says nothing is told as such within seconds. */
import { PipelineError, errorMessage } from '@astrolabe/service-kit/errors';
import { unlessAborted } from '@astrolabe/service-kit/retry';
import type { CommandContext } from './command-context.ts';
import { readBrokerFeatures, type BrokerAddress } from './doctor/broker-features.ts';

/** What takes longer than this is said to be waited for. */
const SILENT_MS = 1_000;
const ANSWER_TIMEOUT_MS = 10_000;

/** Says what is waited for once it takes longer than a second. */
export async function withWaitNote<T>(
  { note }: Pick<CommandContext, 'note'>,
  what: string,
  work: Promise<T>,
  silentMs = SILENT_MS,
): Promise<T> {
  const timer = setTimeout(() => note(`waiting for ${what} ...`), silentMs);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when one of the brokers has answered; rejects with `kafka.unavailable`, which says of each why it has not. */
export async function reachBrokers(
  context: Pick<CommandContext, 'note' | 'signal'>,
  { kafkaBrokers, kafkaSsl: ssl }: { readonly kafkaBrokers: readonly string[]; readonly kafkaSsl: boolean },
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
    await withWaitNote(context, `the brokers ${kafkaBrokers.join(', ')}`, unlessAborted(asked, context.signal));
  } catch (error) {
    if (!(error instanceof AggregateError)) throw error;
    const reasons = (error.errors as readonly unknown[]).map(errorMessage).join('; ');
    const message =
      `no broker answers (${reasons}). Check KAFKA_BROKERS and the network. A host that takes the connection and says nothing may be a ` +
      `proxy without a broker behind it, or a listener that expects ${ssl ? 'no TLS (KAFKA_SSL is on)' : 'TLS (KAFKA_SSL is off)'}.`;
    throw new PipelineError('kafka.unavailable', message, { retryable: true, cause: error });
  }
}

/** `host:port`; an IPv6 address stands in brackets. */
function addressOf(broker: string): BrokerAddress {
  const colon = broker.lastIndexOf(':');
  return { host: broker.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(broker.slice(colon + 1)) };
}
