import { showHeldRecords } from '@astrolabe/processing';
import type { Counter, Gauge, Histogram, Metrics } from '@astrolabe/service-kit';
import { NO_SHARE, shareRatio } from './core/share/partition-share.ts';
import type { InstanceShares } from './limits/settled-shares.ts';
import type { ReplaysState } from './replay/replays-state.ts';

/** The dispatcher's own metrics; `docs/metrics.md` describes them. */
export interface DispatcherMetrics {
  /** Every record of the command topic ends in exactly one of these: delivered, duplicate, dead-lettered. */
  readonly commands: Counter<'connector' | 'kind' | 'outcome' | 'reason'>;
  readonly retries: Counter<'connector' | 'reason'>;
  readonly failedCalls: Counter<'connector' | 'cause'>;
  readonly ledgerHits: Counter<'connector'>;
  readonly expired: Counter<'partition'>;
  readonly sweptLedgers: Counter;
  readonly freshness: Histogram<'connector'>;
  readonly callDuration: Histogram<'connector'>;
  /** Every record that a replay reads ends in exactly one of these. */
  readonly replayedRecords: Counter<'source' | 'outcome'>;
  readonly replayGaveWay: Counter;
}

/** What the dispatcher shows of itself at each scrape. */
export interface DispatcherState {
  connectors(): readonly ConnectorState[];
  partitions(): readonly PartitionState[];
  shares(): InstanceShares;
  /** Of the ledger's index, that of all partitions. */
  readonly ledgerMemory: { readonly usedBytes: number; readonly maxBytes: number };
  /** By partition, offsets that an open transaction keeps from being read. */
  heldRecords(): ReadonlyMap<number, number>;
}

export interface ConnectorState {
  readonly connector: string;
  readonly isHalted: boolean;
  /** 0 closed, 1 probing, 2 open. */
  readonly circuit: number;
  readonly inFlight: number;
  readonly limit: number;
  readonly queued: number;
}

export interface PartitionState {
  readonly partition: number;
  readonly lanes: number;
  readonly records: number;
  /** By connector that lags: records that were read past it at most, and the age of the oldest in hand. */
  readonly lagging: readonly { readonly connector: string; readonly offsets: number; readonly seconds: number }[];
  readonly ledgerEntries: number;
  readonly ledgerBytes: number;
  readonly replays: ReplaysState;
}

const nothing: DispatcherState = {
  connectors: () => [],
  partitions: () => [],
  shares: () => ({ rate: NO_SHARE, calls: NO_SHARE }),
  heldRecords: () => new Map(),
  ledgerMemory: { usedBytes: 0, maxBytes: 0 },
};

export function createDispatcherMetrics(metrics: Metrics, state: DispatcherState = nothing): DispatcherMetrics {
  showConnectors(metrics, state);
  showShares(metrics, state);
  showPartitions(metrics, state);
  showReplays(metrics, state);
  return {
    commands: metrics.counter({
      name: 'commands_total',
      help: 'Commands finished, by outcome (delivered, duplicate, dead-lettered) and reason. Without those of replays.',
      labelNames: ['connector', 'kind', 'outcome', 'reason'],
    }),
    retries: metrics.counter({
      name: 'retries_total',
      help: 'Attempts that failed and are retried, by reason.',
      labelNames: ['connector', 'reason'],
    }),
    failedCalls: metrics.counter({
      name: 'failed_calls_total',
      help: 'Failed calls that are retried, by cause: dns, refused, tls, timeout, connection, or the status of the answer.',
      labelNames: ['connector', 'cause'],
    }),
    ledgerHits: metrics.counter({
      name: 'ledger_hits_total',
      help: 'Commands found in the delivery ledger: no call was made.',
      labelNames: ['connector'],
    }),
    expired: metrics.counter({
      name: 'expired_offsets_total',
      help: 'Offsets that expired before a lagging connector reached them. Alert on it: each is a possible loss.',
      labelNames: ['partition'],
    }),
    sweptLedgers: metrics.counter({
      name: 'swept_ledger_folders_total',
      help: "Folders of the delivery ledger removed from the disk: nothing was written to them for the ledger's window, since their partitions are elsewhere.",
    }),
    freshness: metrics.histogram({
      name: 'freshness_seconds',
      help: "From when ingest received the event to the API's acknowledgement, without replayed commands.",
      labelNames: ['connector'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200, 28_800],
    }),
    callDuration: metrics.histogram({
      name: 'call_duration_seconds',
      help: 'Duration of calls to the API, answered or not.',
      labelNames: ['connector'],
    }),
    replayedRecords: metrics.counter({
      name: 'replay_records_total',
      help: 'Commands that replays have done with, by source (events, commands) and outcome: replayed-before, filtered-out, unreadable, expired, cancelled, known-to-ledger, delivered, duplicate, dead-lettered. A restart repeats those of a second or so.',
      labelNames: ['source', 'outcome'],
    }),
    replayGaveWay: metrics.counter({
      name: 'replay_gave_way_seconds_total',
      help: "Time that replays' commands waited for live ones, over all partitions and replays.",
    }),
  };
}

function showConnectors(metrics: Metrics, state: DispatcherState): void {
  ofConnectors(
    metrics,
    state,
    'halted_connectors',
    "1 while the API refuses the connector's key: its commands wait.",
    ({ isHalted }) => (isHalted ? 1 : 0),
  );
  ofConnectors(
    metrics,
    state,
    'circuit_state',
    "The connector's circuit: 0 closed, 1 probing, 2 open.",
    ({ circuit }) => circuit,
  );
  ofConnectors(metrics, state, 'in_flight_calls', "The connector's calls in flight.", ({ inFlight }) => inFlight);
  ofConnectors(
    metrics,
    state,
    'concurrency_limit_calls',
    "Calls that the connector may have in flight, as its API's latency allows.",
    ({ limit }) => limit,
  );
  ofConnectors(
    metrics,
    state,
    'waiting_commands',
    "The connector's commands that wait for their call.",
    ({ queued }) => queued,
  );
}

function showShares(metrics: Metrics, state: DispatcherState): void {
  metrics.gauge({
    name: 'limit_share_ratio',
    help: "The part of a connector's limits that this instance uses, by limit: calls_per_second or concurrent_calls. Over all instances it adds up to 1, for a while after a rebalance to less.",
    labelNames: ['limit'],
    collect: (gauge) => {
      const { rate, calls } = state.shares();
      gauge.set({ limit: 'calls_per_second' }, shareRatio(rate));
      gauge.set({ limit: 'concurrent_calls' }, shareRatio(calls));
    },
  });
}

function showPartitions(metrics: Metrics, state: DispatcherState): void {
  ofPartitions(metrics, state, 'partition_lanes', 'Keys with commands in memory.', ({ lanes }) => lanes);
  ofPartitions(metrics, state, 'partition_records', 'Commands in memory.', ({ records }) => records);
  ofPartitions(
    metrics,
    state,
    'ledger_entries',
    "Deliveries in the partition's ledger.",
    ({ ledgerEntries }) => ledgerEntries,
  );
  ofPartitions(
    metrics,
    state,
    'ledger_bytes',
    "Bytes on disk of the partition's ledger.",
    ({ ledgerBytes }) => ledgerBytes,
  );
  metrics.gauge({
    name: 'ledger_index_bytes',
    help: "Memory of the ledger's index, that of all partitions of this instance.",
    collect: (gauge) => gauge.set(state.ledgerMemory.usedBytes),
  });
  metrics.gauge({
    name: 'ledger_index_max_bytes',
    help: 'Bound of dispatcher_ledger_index_bytes, beyond which the dispatcher stops with ledger.too-large. Alert above two thirds of it: a table grows by being copied.',
    collect: (gauge) => gauge.set(state.ledgerMemory.maxBytes),
  });
  showHeldRecords(metrics, 'command topic', () => state.heldRecords());
  ofLagging(
    metrics,
    state,
    'connector_lag_records',
    "Offsets between a lagging connector's cursor and its partition's read position: its own commands among them wait.",
    ({ offsets }) => offsets,
  );
  ofLagging(
    metrics,
    state,
    'connector_lag_seconds',
    "Age of the lagging connector's oldest command in memory.",
    ({ seconds }) => seconds,
  );
}

function showReplays(metrics: Metrics, state: DispatcherState): void {
  metrics.gauge({
    name: 'replay_lag_records',
    help: 'Offsets that the replays under way still have to do on a partition, by source: events (commands made of them) or commands.',
    labelNames: ['partition', 'source'],
    collect: (gauge) => {
      gauge.reset();
      for (const { partition, replays } of state.partitions()) {
        gauge.set({ partition: String(partition), source: 'events' }, replays.lag.events);
        gauge.set({ partition: String(partition), source: 'commands' }, replays.lag.commands);
      }
    },
  });
  ofPartitions(
    metrics,
    state,
    'replay_in_hand_records',
    'Replayed commands in memory.',
    ({ replays }) => replays.inHandRecords,
  );
}

function ofConnectors(
  metrics: Metrics,
  state: DispatcherState,
  name: string,
  help: string,
  valueOf: (connector: ConnectorState) => number,
): void {
  metrics.gauge({
    name,
    help,
    labelNames: ['connector'],
    collect: (gauge) => {
      gauge.reset();
      for (const each of state.connectors()) gauge.set({ connector: each.connector }, valueOf(each));
    },
  });
}

function ofPartitions(
  metrics: Metrics,
  state: DispatcherState,
  name: string,
  help: string,
  valueOf: (partition: PartitionState) => number,
): void {
  metrics.gauge({
    name,
    help,
    labelNames: ['partition'],
    collect: (gauge) => {
      gauge.reset();
      for (const each of state.partitions()) gauge.set({ partition: String(each.partition) }, valueOf(each));
    },
  });
}

function ofLagging(
  metrics: Metrics,
  state: DispatcherState,
  name: string,
  help: string,
  valueOf: (lagging: PartitionState['lagging'][number]) => number,
): void {
  metrics.gauge({
    name,
    help,
    labelNames: ['connector', 'partition'],
    collect: (gauge: Gauge<'connector' | 'partition'>) => {
      gauge.reset();
      for (const { partition, lagging } of state.partitions()) {
        for (const each of lagging)
          gauge.set({ connector: each.connector, partition: String(partition) }, valueOf(each));
      }
    },
  });
}
