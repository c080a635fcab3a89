import { PipelineError } from '@astrolabe/service-kit/errors';
import { acceptsConnection } from '../stack/readiness.ts';
import type { RunningStack } from '../stack/running-stack.ts';

const REGISTRY_TIMEOUT_MS = 5_000;

export interface ExternalAddresses {
  readonly kafkaBrokers: string;
  readonly schemaRegistryUrl: string;
}

/**
 * Somebody else's broker and registry. Only whether anybody is there is checked, since reaching further may take
 * credentials that are the services' business. Throws `stack.unavailable` naming each address that does not answer.
 */
export async function useExternalStack(addresses: ExternalAddresses): Promise<RunningStack> {
  const problems: string[] = [];
  const brokers = addresses.kafkaBrokers.split(',').map((broker) => broker.trim());
  try {
    await Promise.any(brokers.map(acceptsConnection));
  } catch (error) {
    const [reason] = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
    problems.push(`KAFKA_BROKERS=${addresses.kafkaBrokers}: ${messageOf(reason)}`);
  }
  try {
    const response = await fetch(addresses.schemaRegistryUrl, { signal: AbortSignal.timeout(REGISTRY_TIMEOUT_MS) });
    await response.body?.cancel();
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    problems.push(`SCHEMA_REGISTRY_URL=${addresses.schemaRegistryUrl}: ${messageOf(cause)}`);
  }
  if (problems.length > 0) {
    throw new PipelineError(
      'stack.unavailable',
      `the stack that the environment names does not answer: ${problems.join('; ')}. ` +
        'Start it, correct the variables, or unset both to have a local one started.',
      { retryable: false },
    );
  }
  return { ...addresses, kafka: undefined, stop: () => Promise.resolve() };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
