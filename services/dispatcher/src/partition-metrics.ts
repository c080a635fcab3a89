/** What the dispatcher shows of its partitions at each scrape. */
import type { Gauge, Metrics } from '@astrolabe/service-kit';
import type { DispatcherState, LaggingConnector, PartitionState } from './dispatcher-state.ts';

export function showPartitions(metrics: Metrics, state: DispatcherState): void {
  ofPartitions(metrics, state, 'partition_lanes', 'Keys with commands in memory.', ({ lanes }) => lanes);
  ofPartitions(metrics, state, 'partition_records', 'Commands in memory.', ({ records }) => records);
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
    'Age of the first command of a lagging connector that is not delivered, restarts included. Commands expire after 7 days.',
    ({ seconds }) => seconds,
  );
}

export function showLedger(metrics: Metrics, state: DispatcherState): void {
  ofPartitions(
    metrics,
    state,
    'ledger_entries',
    "Deliveries in the partition's ledger, those in hand included.",
    ({ ledgerEntries }) => ledgerEntries,
  );
  ofPartitions(
    metrics,
    state,
    'ledger_bytes',
    "Bytes of the partition's ledger, on disk or about to be written there.",
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
  ofDisk(metrics, state, 'ledger_disk_free_bytes', 'Free bytes of the disk that the ledger is on.', 'freeBytes');
  ofDisk(metrics, state, 'ledger_disk_bytes', 'Size of the disk that the ledger is on.', 'totalBytes');
}

function ofDisk(
  metrics: Metrics,
  state: DispatcherState,
  name: string,
  help: string,
  what: 'freeBytes' | 'totalBytes',
): void {
  metrics.gauge({
    name,
    help,
    collect: async (gauge) => {
      const disk = await state.ledgerDisk();
      if (disk === undefined) gauge.remove();
      else gauge.set(disk[what]);
    },
  });
}

export function showReplays(metrics: Metrics, state: DispatcherState): void {
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
  valueOf: (lagging: LaggingConnector) => number | undefined,
): void {
  metrics.gauge({
    name,
    help,
    labelNames: ['connector', 'partition'],
    collect: (gauge: Gauge<'connector' | 'partition'>) => {
      gauge.reset();
      for (const { partition, lagging } of state.partitions()) {
        for (const each of lagging) {
          const value = valueOf(each);
          if (value !== undefined) gauge.set({ connector: each.connector, partition: String(partition) }, value);
        }
      }
    },
  });
}
