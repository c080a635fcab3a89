/**
 * Configuration of the services under test: as in production, but quick to notice and to try again, so that a short run
 * sees many recoveries.
 */
import type { LocalCluster } from '@astrolabe/testkit';
import type { ServiceName } from '../oracle/observed.ts';

export interface SharedVariables {
  readonly KAFKA_BROKERS: string;
  readonly KAFKA_TOPIC_PREFIX: string;
  readonly SCHEMA_REGISTRY_URL: string;
}

const consumer = { KAFKA_SESSION_TIMEOUT_MS: '6000', SHUTDOWN_TIMEOUT_MS: '15000' };

const own: Readonly<Record<ServiceName, Readonly<Record<string, string>>>> = {
  ingest: { INGEST_PRODUCE_TIMEOUT_MS: '5000', INGEST_DRAIN_MS: '500', SHUTDOWN_TIMEOUT_MS: '15000' },
  mapper: consumer,
  dispatcher: {
    ...consumer,
    DISPATCHER_API_TIMEOUT_MS: '2000',
    DISPATCHER_RETRY_BASE_MS: '20',
    DISPATCHER_RETRY_MAX_MS: '1000',
    DISPATCHER_CIRCUIT_PAUSE_MS: '100',
    DISPATCHER_CIRCUIT_MAX_PAUSE_MS: '1000',
    DISPATCHER_HALT_MS: '500',
    DISPATCHER_HALT_MAX_MS: '2000',
    DISPATCHER_LAG_AFTER_MS: '3000',
  },
};

export function serviceEnvironment(
  service: ServiceName,
  { SCHEMA_REGISTRY_URL, ...kafka }: SharedVariables,
): Readonly<Record<string, string>> {
  return { ...kafka, ...(service === 'ingest' ? {} : { SCHEMA_REGISTRY_URL }), ...own[service] };
}

/** Of `astrolabe`, whose connections lead through no proxy. */
export function operatorEnvironment(
  { kafkaBrokers, brokers, schemaRegistryUrl }: Pick<LocalCluster, 'kafkaBrokers' | 'brokers' | 'schemaRegistryUrl'>,
  topicPrefix: string,
): Readonly<Record<string, string>> {
  return {
    KAFKA_BROKERS: kafkaBrokers,
    KAFKA_TOPIC_PREFIX: topicPrefix,
    KAFKA_REPLICATION_FACTOR: String(brokers.length),
    SCHEMA_REGISTRY_URL: schemaRegistryUrl,
  };
}
