import { noGroup, showGroup, type GroupState, type Restored, type StateMemory } from '@astrolabe/processing';
import {
  codesOf,
  createDeadLetterCounter,
  type Counter,
  type Gauge,
  type Histogram,
  type Metrics,
} from '@astrolabe/service-kit';
import type { HandledBatch, RecordOutcome } from './map-batch.ts';
import { countReplayed, createReplayMetrics, type ReplayMetrics, type ReplayedBatches } from './replay-metrics.ts';

/** The mapper's own metrics; `docs/metrics.md` describes them. */
export interface MapperMetrics {
  /** Every live record read ends in exactly one of these: mapped, skipped, dead-lettered. */
  readonly events: Counter<'connector' | 'type' | 'outcome' | 'reason'>;
  readonly deadLetters: Counter<'code'>;
  readonly commands: Counter<'connector'>;
  readonly unanswered: Counter<'connector'>;
  readonly withheldUsers: Counter<'connector' | 'reason'>;
  readonly clampedTimes: Counter<'connector' | 'reason'>;
  readonly batchRecords: Histogram;
  readonly stateKeys: Gauge<'partition'>;
  readonly stateUsers: Gauge<'connector' | 'partition'>;
  readonly forgottenUsers: Counter<'connector' | 'reason'>;
  readonly restoredRecords: Counter;
  readonly restoreSeconds: Histogram;
  readonly replays: ReplayMetrics;
}

/** What the mapper shows of itself at each scrape. */
export interface MapperState {
  group(): GroupState;
  /** By partition, offsets that are still to be replayed. */
  replayOffsetsLeft(): ReadonlyMap<number, number>;
  readonly memory: Pick<StateMemory, 'usedBytes' | 'maxBytes'>;
}

const nothing: MapperState = {
  group: () => noGroup,
  replayOffsetsLeft: () => new Map(),
  memory: { usedBytes: 0, maxBytes: 0 },
};

export function createMapperMetrics(metrics: Metrics, state = nothing): MapperMetrics {
  showGroup(metrics, 'event topic', () => state.group());
  showMemory(metrics, state.memory);
  return {
    replays: createReplayMetrics(metrics, () => state.replayOffsetsLeft()),
    events: metrics.counter({
      name: 'events_total',
      help: 'Live events read, by outcome (mapped, skipped, dead-lettered) and reason.',
      labelNames: ['connector', 'type', 'outcome', 'reason'],
    }),
    deadLetters: createDeadLetterCounter(metrics, [...codesOf('event', 'mapper'), 'kafka.record-too-large']),
    commands: metrics.counter({
      name: 'commands_total',
      help: 'Commands of live events, stored by the brokers.',
      labelNames: ['connector'],
    }),
    unanswered: metrics.counter({
      name: 'unanswered_events_total',
      help: 'Events whose transaction ended without an answer from the brokers. They were stored but not counted, or will be mapped again and counted then.',
      labelNames: ['connector'],
    }),
    withheldUsers: metrics.counter({
      name: 'withheld_users_total',
      help: 'Group calls mapped without their user, by reason: the Account got its properties, but no member.',
      labelNames: ['connector', 'reason'],
    }),
    clampedTimes: metrics.counter({
      name: 'clamped_times_total',
      help: 'Events whose time is impossible (before 2000, or after their receipt) or cannot be read, and was moved to a bound.',
      labelNames: ['connector', 'reason'],
    }),
    batchRecords: metrics.histogram({
      name: 'batch_records',
      help: 'Records in a batch, from reading to acknowledgement.',
      buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000],
    }),
    stateKeys: metrics.gauge({
      name: 'state_keys',
      help: "Users remembered when the partition's state was last restored.",
      labelNames: ['partition'],
    }),
    stateUsers: metrics.gauge({
      name: 'state_users',
      help: 'Users remembered. At MAPPER_MAX_USERS_PER_CONNECTOR, new ones replace old ones.',
      labelNames: ['connector', 'partition'],
    }),
    forgottenUsers: metrics.counter({
      name: 'forgotten_users_total',
      help: 'Users whose state was removed, because of the limit (limit) or because it is no longer needed (expired).',
      labelNames: ['connector', 'reason'],
    }),
    restoredRecords: metrics.counter({
      name: 'state_restored_records_total',
      help: 'Records of the changelog topic read to restore state.',
    }),
    restoreSeconds: metrics.histogram({
      name: 'state_restore_seconds',
      help: 'Time from the assignment of a partition until its state is restored.',
      buckets: [0.005, 0.02, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60],
    }),
  };
}

function showMemory(metrics: Metrics, memory: MapperState['memory']): void {
  metrics.gauge({
    name: 'state_bytes',
    help: 'Memory that the remembered users of all partitions of this instance take, at most.',
    collect: (gauge) => gauge.set(memory.usedBytes),
  });
  metrics.gauge({
    name: 'state_max_bytes',
    help: 'Bound of mapper_state_bytes, from the heap limit. Alert above four fifths of it: from there on new users replace old ones, or deletions are dead-lettered.',
    collect: (gauge) => gauge.set(memory.maxBytes),
  });
}

/**
 * Counts what is stored, once for each batch, so that the hot path does not look up labels for each event. Unknown
 * connectors count as one: their ids come from record headers and are unbounded.
 */
export function countBatch(
  batch: HandledBatch,
  metrics: MapperMetrics,
  isKnown: (connectorId: string) => boolean,
): void {
  const alike = new Map<string, { readonly labels: EventLabels; count: number }>();
  const commands = new Map<string, number>();
  for (const { connector: connectorId, type, outcome } of batch.records) {
    const connector = isKnown(connectorId) ? connectorId : 'unknown';
    const labels = { connector, type, outcome: outcome.kind, reason: reasonOf(outcome) };
    const key = `${connector} ${type} ${labels.outcome} ${labels.reason}`;
    const same = alike.get(key);
    if (same === undefined) alike.set(key, { labels, count: 1 });
    else same.count += 1;
    if (outcome.kind === 'dead-lettered') metrics.deadLetters.inc({ code: outcome.code });
    if (outcome.kind !== 'mapped') continue;
    commands.set(connector, (commands.get(connector) ?? 0) + outcome.commands);
    if (outcome.withheld !== undefined) metrics.withheldUsers.inc({ connector, reason: outcome.withheld });
    if (outcome.clamped !== undefined) metrics.clampedTimes.inc({ connector, reason: outcome.clamped });
  }
  for (const { labels, count } of alike.values()) metrics.events.inc(labels, count);
  for (const [connector, count] of commands) metrics.commands.inc({ connector }, count);
  metrics.batchRecords.observe(batch.records.length);
  countUsers(batch, metrics, isKnown);
}

/** Counts what is stored of replayed events, apart from live ones; both change what is remembered of users. */
export function countReplayedBatches(
  parts: readonly ReplayedBatches[],
  metrics: MapperMetrics,
  isKnown: (connectorId: string) => boolean,
): void {
  countReplayed(parts, metrics.replays);
  for (const batch of parts.flatMap(({ results }) => results)) countUsers(batch, metrics, isKnown);
}

function countUsers(
  { partition, users, crowdedOut, expired }: HandledBatch,
  metrics: MapperMetrics,
  isKnown: (connectorId: string) => boolean,
): void {
  for (const [connector, count] of users) {
    if (isKnown(connector)) metrics.stateUsers.set({ connector, partition: String(partition) }, count);
  }
  for (const [reason, counts] of [
    ['limit', crowdedOut],
    ['expired', expired],
  ] as const) {
    for (const [connectorId, count] of counts) {
      const connector = isKnown(connectorId) ? connectorId : 'unknown';
      metrics.forgottenUsers.inc({ connector, reason }, count);
    }
  }
}

/** Counts the events by which the counts of stored ones may be too low. */
export function countUnanswered(batch: HandledBatch, metrics: MapperMetrics): void {
  for (const { connector } of batch.records) metrics.unanswered.inc({ connector });
}

export function observeRestored(
  { partition, records, keys, scopes, tookMs }: Restored,
  metrics: MapperMetrics,
  isKnown: (connectorId: string) => boolean,
): void {
  for (const [connector, count] of scopes) {
    if (isKnown(connector)) metrics.stateUsers.set({ connector, partition: String(partition) }, count);
  }
  metrics.stateKeys.set({ partition: String(partition) }, keys);
  metrics.restoredRecords.inc(records);
  metrics.restoreSeconds.observe(tookMs / 1_000);
}

interface EventLabels {
  readonly connector: string;
  readonly type: string;
  readonly outcome: RecordOutcome['kind'];
  readonly reason: string;
}

function reasonOf(outcome: RecordOutcome): string {
  switch (outcome.kind) {
    case 'mapped':
      return '';
    case 'skipped':
      return outcome.reason;
    case 'dead-lettered':
      return outcome.code;
  }
}
