/** All reads of the console, composed: what its GET routes are made of. */
import type { DoctorOptions, RegistryInspector, ServiceGroups } from '@astrolabe/operations';
import type { Topics } from '@astrolabe/records';
import type { CommandDecoder } from '@astrolabe/records/serde';
import { FaultLog, type Environment, type Logger } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import { connectorTrouble } from './connectors/core/connector-trouble.ts';
import { ConnectorReads } from './connectors/connector-reads.ts';
import { ContractReads } from './contracts/contract-reads.ts';
import { DeadLetterWatch } from './dead-letters/dead-letter-watch.ts';
import { DeadLetterReads } from './dead-letters/dead-letters.ts';
import { LagWatch } from './lag/lag-watch.ts';
import { LiveHub } from './live/live-hub.ts';
import { ServiceMetrics, type MetricsSource } from './metrics/service-metrics.ts';
import { OverviewReads } from './overview/overview-reads.ts';
import { valueIn } from './panel.ts';
import { createLenientDecoder } from './payload/lenient-decoder.ts';
import type { MaskText } from './payload/payload.ts';
import { ReplayWatch } from './replays/replay-watch.ts';
import type { ClusterSource } from './sources/cluster-source.ts';
import { TrailReads } from './trail/trail-reads.ts';

export interface OpenReadsOptions {
  readonly clusters: ClusterSource;
  /** As declared: their names are known without brokers. */
  readonly topics: Topics;
  readonly groups: ServiceGroups;
  readonly topicSettings: { readonly replicationFactor: number; readonly ledgerWindowMs: number };
  readonly registry: RegistryInspector;
  /** Without one, commands are shown as bytes. */
  readonly decoder: CommandDecoder | undefined;
  readonly doctor: Omit<DoctorOptions, 'clock' | 'signal' | 'onEvent'>;
  readonly connectorsFile: string;
  /** The variables that key references may name. */
  readonly variables: Environment;
  /** Admin addresses of the services. */
  readonly serviceUrls: readonly string[];
  readonly metricsSource: MetricsSource;
  /** What of payloads must not be seen. */
  readonly mask: MaskText;
  readonly clock: Clock;
  readonly logger: Logger;
  /** In [0, 1) at each call. */
  readonly random: () => number;
  /** Tells processes apart: positions of live streams are of one. */
  readonly processId: string;
}

export interface Reads {
  readonly topics: Topics;
  readonly overview: OverviewReads;
  readonly live: LiveHub;
  readonly trail: TrailReads;
  readonly connectors: ConnectorReads;
  readonly deadLetters: DeadLetterReads;
  readonly replays: ReplayWatch;
  readonly lag: LagWatch;
  readonly contracts: ContractReads;
  readonly clock: Clock;
  readonly processId: string;
  /** Ends all reads; resolves when they have ended. The clusters are the caller's. */
  close(): Promise<void>;
}

/** For one answer of brokers, registry or file. */
const WAIT_MS = 3_000;
const LAG_INTERVAL_MS = 10_000;
const METRICS_INTERVAL_MS = 5_000;
const DEAD_LETTERS_INTERVAL_MS = 2_000;
const TRAIL_TIMEOUT_MS = 60_000;

/** Begins to watch lag and metrics at once; everything else when somebody asks. Never waits. */
export function openReads(options: OpenReadsOptions): Reads {
  const { clusters, topics, groups, clock, random, mask, connectorsFile, variables } = options;
  const closing = new AbortController();
  // One for all: where the brokers are away, each says the same.
  const faults = new FaultLog(options.logger);
  const decoder = options.decoder && createLenientDecoder(options.decoder, clock);
  const shared = { clusters, clock, waitMs: WAIT_MS, signal: closing.signal };
  const metrics = new ServiceMetrics({
    urls: options.serviceUrls,
    source: options.metricsSource,
    clock,
    intervalMs: METRICS_INTERVAL_MS,
  });
  const lag = new LagWatch({
    clusters,
    groups,
    clock,
    random,
    intervalMs: LAG_INTERVAL_MS,
    onFailure: (error) => faults.failed(error, {}, 'measuring lag failed; retrying'),
  });
  const watch = new DeadLetterWatch({
    clusters,
    clock,
    random,
    intervalMs: DEAD_LETTERS_INTERVAL_MS,
    onFailure: (error) => faults.failed(error, {}, 'reading the dead letters failed; retrying'),
  });
  const deadLetters = new DeadLetterReads({ watch, clusters, topics, decoder, mask });
  const { topicSettings, registry, doctor } = options;
  const contracts = new ContractReads({ ...shared, topics, topicSettings, registry, doctor });
  const connectors = new ConnectorReads({ ...shared, connectorsFile, variables, metrics, lag, deadLetters });
  const live = new LiveHub({
    clusters,
    decoder,
    mask,
    clock,
    random,
    onFailure: (topic, error) => faults.failed(error, { topic }, 'reading a topic for live views failed; retrying'),
  });
  return {
    topics,
    overview: new OverviewReads({ metrics, lag, deadLetters, contracts, clock }),
    live,
    trail: new TrailReads({
      clusters,
      decoder,
      dispatcherGroup: groups.dispatcher,
      connectors: () => connectors.ids(),
      mask,
      troubleOf: (connector) => {
        const delivery = valueIn(metrics.connectors())?.get(connector);
        return delivery && connectorTrouble(delivery);
      },
      clock,
      timeoutMs: TRAIL_TIMEOUT_MS,
    }),
    connectors,
    deadLetters,
    replays: new ReplayWatch(shared),
    lag,
    contracts,
    clock,
    processId: options.processId,
    close: async () => {
      closing.abort(new Error('the console stops'));
      await Promise.all([metrics, lag, watch, live].map((each) => each.close()));
    },
  };
}
