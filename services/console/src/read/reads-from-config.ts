/** The reads as a process has them: real brokers, a real registry, and the services' metrics over HTTP. */
import { randomUUID } from 'node:crypto';
import { schemaRegistryFromConfig } from '@astrolabe/kafka';
import { createRegistryInspector, openCluster } from '@astrolabe/operations';
import { topicsFor } from '@astrolabe/records';
import { createCommandDecoder } from '@astrolabe/records/serde';
import type { Environment, Logger } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import { tlsMaterialOf } from '@astrolabe/service-kit/tls';
import type { ConsoleConfig } from '../config.ts';
import { maskText } from '../core/masking/mask-text.ts';
import { fetchMetrics, resolveInstances } from './metrics/fetch-metrics.ts';
import { openReads, type Reads } from './open-reads.ts';
import { showAll } from './payload/payload.ts';
import { createClusterSource, type ClusterSource } from './sources/cluster-source.ts';

export interface ReadsFromConfigOptions {
  readonly config: ConsoleConfig;
  /** The variables that key references may name. */
  readonly env: Environment;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborted when the process stops. */
  readonly signal: AbortSignal;
}

const HOUR_MS = 3_600_000;

/** Connects to nothing yet. The caller closes the reads, and then the clusters. */
export function readsFromConfig(options: ReadsFromConfigOptions): {
  readonly reads: Reads;
  readonly clusters: ClusterSource;
} {
  const { config, env, clock, logger, signal } = options;
  const { kafkaTopicPrefix: prefix, partitions, replicationFactor, connectorsFile, maskPaths = [] } = config;
  const topics = topicsFor(prefix, partitions);
  const open = () => openCluster({ config, logger, signal, clientName: 'console', partitions });
  const clusters = createClusterSource({ open, clock });
  const groups = { mapper: prefix + config.mapperGroupId, dispatcher: prefix + config.dispatcherGroupId };
  const topicSettings = { replicationFactor, ledgerWindowMs: config.ledgerWindowHours * HOUR_MS };
  const registry = createRegistryInspector(config, clock);
  const reads = openReads({
    clusters,
    topics,
    groups,
    topicSettings,
    registry,
    decoder: createCommandDecoder(schemaRegistryFromConfig(config)),
    doctor: {
      pipeline: {
        kind: 'valid',
        brokers: config.kafkaBrokers,
        registryUrl: config.schemaRegistryUrl,
        groups,
        ...topicSettings,
        openCluster: open,
        registry,
        commandTopic: topics.commands.name,
      },
      connectors: {
        kind: 'valid',
        connectorsFile,
        apiUrl: config.apiUrl,
        apiTls: tlsMaterialOf(config, 'api'),
        variables: env,
      },
      // The dispatchers' disks are on their machines: dispatcher_ledger_disk_free_bytes tells of them.
      ledger: undefined,
      workingDirectory: process.cwd(),
    },
    connectorsFile,
    variables: env,
    serviceUrls: config.serviceUrls ?? [],
    metricsSource: { resolve: resolveInstances, fetch: fetchMetrics },
    mask: maskPaths.length === 0 ? showAll : (text) => maskText(text, maskPaths).text,
    clock,
    logger,
    random: Math.random,
    processId: randomUUID(),
  });
  return { reads, clusters };
}
