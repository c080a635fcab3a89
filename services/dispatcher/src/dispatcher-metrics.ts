import { showGroup } from '@astrolabe/processing';
import { codesOf, createDeadLetterCounter, type Counter, type Histogram, type Metrics } from '@astrolabe/service-kit';
import { shareRatio } from './core/share/partition-share.ts';
import { nothing, type ConnectorState, type DispatcherState } from './dispatcher-state.ts';
import { showLedger, showPartitions, showReplays } from './partition-metrics.ts';
import { outcomeLabels } from './replay/outcome-counts.ts';

/** The dispatcher's own metrics; `docs/metrics.md` describes them. */
export interface DispatcherMetrics {
  /** Every record of the command topic ends in exactly one of these: delivered, duplicate, dead-lettered. */
  readonly commands: Counter<'connector' | 'kind' | 'outcome' | 'reason'>;
  readonly deadLetters: Counter<'code'>;
  readonly retries: Counter<'connector' | 'reason'>;
  readonly failedCalls: Counter<'connector' | 'cause'>;
  readonly ledgerHits: Counter<'connector'>;
  readonly expired: Counter<'partition'>;
  readonly sweptLedgers: Counter;
  readonly ledgerRestore: Histogram;
  readonly freshness: Histogram<'connector'>;
  readonly callDuration: Histogram<'connector'>;
  /** Every record that a replay reads ends in exactly one of these. */
  readonly replayedRecords: Counter<'source' | 'outcome'>;
  readonly replayGaveWay: Counter;
}

export function createDispatcherMetrics(metrics: Metrics, state: DispatcherState = nothing): DispatcherMetrics {
  showGroup(metrics, 'command topic', () => state.group());
  showConnectors(metrics, state);
  showShares(metrics, state);
  showPartitions(metrics, state);
  showLedger(metrics, state);
  showReplays(metrics, state);
  return {
    commands: metrics.counter({
      name: 'commands_total',
      help: 'Commands finished, by outcome (delivered, duplicate, dead-lettered) and reason. Without those of replays.',
      labelNames: ['connector', 'kind', 'outcome', 'reason'],
    }),
    deadLetters: createDeadLetterCounter(metrics, codesOf('command', 'api')),
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
    ledgerRestore: metrics.histogram({
      name: 'ledger_restore_seconds',
      help: 'Time from the assignment of a partition until its ledger is complete; no call of the partition is made before.',
      buckets: [0.005, 0.02, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300],
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
      zeros: Object.values(outcomeLabels).flatMap((outcome) => [
        { source: 'events', outcome },
        { source: 'commands', outcome },
      ]),
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
