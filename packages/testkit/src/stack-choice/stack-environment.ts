import type { RunningStack } from '../stack/running-stack.ts';

/** The variables by which services, tests and the bench find a stack. */
export function stackEnvironment(stack: Pick<RunningStack, 'kafkaBrokers' | 'schemaRegistryUrl'>): {
  KAFKA_BROKERS: string;
  SCHEMA_REGISTRY_URL: string;
} {
  return { KAFKA_BROKERS: stack.kafkaBrokers, SCHEMA_REGISTRY_URL: stack.schemaRegistryUrl };
}
