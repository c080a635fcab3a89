import type { Restored } from '@astrolabe/processing';
import type { Counter, Gauge, Histogram, Metrics } from '@astrolabe/service-kit';
import type { HandledBatch, RecordOutcome } from './map-batch.ts';

/** The mapper's own metrics; `docs/metrics.md` describes them. */
export interface MapperMetrics {
  /** Every record read ends in exactly one of these: mapped, skipped, dead-lettered. */
  readonly events: Counter<'connector' | 'type' | 'outcome' | 'reason'>;
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
}

export function createMapperMetrics(
  metrics: Metrics,
  heldRecords: () => ReadonlyMap<number, number> = () => new Map(),
): MapperMetrics {
  metrics.gauge<'partition'>({
    name: 'held_records',
    help: 'Offsets of the events topic that an open transaction of another producer keeps from being read, by partition.',
    labelNames: ['partition'],
    collect: (held) => {
      held.reset();
      for (const [partition, offsets] of heldRecords()) held.set({ partition: String(partition) }, offsets);
    },
  });
  return {
    events: metrics.counter({
      name: 'events_total',
      help: 'Events read, by outcome (mapped, skipped, dead-lettered) and reason.',
      labelNames: ['connector', 'type', 'outcome', 'reason'],
    }),
    commands: metrics.counter({
      name: 'commands_total',
      help: 'Commands stored by the brokers.',
      labelNames: ['connector'],
    }),
    unanswered: metrics.counter({
      name: 'unanswered_events_total',
      help: 'Events whose transaction ended without an answer of the brokers: stored without being counted as events and commands, or mapped and counted again.',
      labelNames: ['connector'],
    }),
    withheldUsers: metrics.counter({
      name: 'withheld_users_total',
      help: 'Group calls mapped without the user that they name, by reason: the Account has its properties, and no member was added.',
      labelNames: ['connector', 'reason'],
    }),
    clampedTimes: metrics.counter({
      name: 'clamped_times_total',
      help: 'Events whose time cannot be (before 2000, or after they were received) or cannot be read, and was moved to a bound.',
      labelNames: ['connector', 'reason'],
    }),
    batchRecords: metrics.histogram({
      name: 'batch_records',
      help: 'Records in one unit of work, from reading to acknowledgement.',
      buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000],
    }),
    stateKeys: metrics.gauge({
      name: 'state_keys',
      help: 'Users about whom something is remembered, when the state was last read, by partition.',
      labelNames: ['partition'],
    }),
    stateUsers: metrics.gauge({
      name: 'state_users',
      help: 'Users about whom something is remembered; at MAPPER_MAX_USERS_PER_CONNECTOR others give way to new ones.',
      labelNames: ['connector', 'partition'],
    }),
    forgottenUsers: metrics.counter({
      name: 'forgotten_users_total',
      help: 'Users whose state was removed: for lack of room (limit), or because nobody needs it any more (expired).',
      labelNames: ['connector', 'reason'],
    }),
    restoredRecords: metrics.counter({
      name: 'state_restored_records_total',
      help: 'Records of the state topic read to restore state.',
    }),
    restoreSeconds: metrics.histogram({
      name: 'state_restore_seconds',
      help: 'Time from the assignment of a partition until its state is there.',
      buckets: [0.005, 0.02, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60],
    }),
  };
}

/**
 * Counts what is stored. Once for each batch, so that the hot path does not look labels up for each event. Connectors that are not known
 * are counted as one: their ids come from record headers, and are without number.
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

/** By so many the counts of what is stored may be too low. */
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
