/** What a service shows of its place in its consumer group, and of its lag. */
import type { Metrics } from '@astrolabe/service-kit';
import type { PartitionLag } from './core/partition-lag.ts';
import type { GroupConsumer } from './group-consumer-options.ts';
import type { OffsetsWatch } from './offsets-watch.ts';

/** At each scrape. */
export interface GroupState {
  /** Of the partitions that are here and known, by number. */
  lags(): ReadonlyMap<number, PartitionLag>;
  /** By partition, offsets that an open transaction keeps from being read. */
  heldRecords(): ReadonlyMap<number, number>;
  /** Partitions that are here. */
  assignedPartitions(): number;
  /** Partitions of the topic, as it was last seen. */
  topicPartitions(): number;
  /** Assignments that the group has made, the first one included. */
  rebalances(): number;
}

/** Before the service has joined its group. */
export const noGroup: GroupState = {
  lags: () => new Map(),
  heldRecords: () => new Map(),
  assignedPartitions: () => 0,
  topicPartitions: () => 0,
  rebalances: () => 0,
};

export function groupStateOf(
  consumer: Pick<GroupConsumer, 'assignment' | 'rebalances'>,
  watch: Pick<OffsetsWatch, 'lags' | 'held'>,
  topicPartitions: () => number,
): GroupState {
  return {
    lags: () => watch.lags(),
    heldRecords: () => watch.held(),
    assignedPartitions: () => consumer.assignment().length,
    topicPartitions,
    rebalances: () => consumer.rebalances(),
  };
}

/** `topic` as the help of the metrics names it. */
export function showGroup(metrics: Metrics, topic: 'event topic' | 'command topic', state: () => GroupState): void {
  ofPartitions(
    metrics,
    'lag_records',
    `Offsets of the ${topic} between what is finished and the last stable offset, where what can be read ends. Without replays and connectors that lag.`,
    () => [...state().lags()].map(([partition, { records }]) => [partition, records]),
  );
  ofPartitions(
    metrics,
    'lag_seconds',
    `Age of the first record of the ${topic} that is not finished; 0 where all are. Without replays and connectors that lag.`,
    () => [...state().lags()].map(([partition, { seconds }]) => [partition, seconds]),
  );
  ofPartitions(
    metrics,
    'held_records',
    `Offsets of the ${topic} that cannot be read because another producer's transaction is open.`,
    () => state().heldRecords(),
  );
  metrics.gauge({
    name: 'assigned_partitions',
    help: `Partitions of the ${topic} that this instance works on.`,
    collect: (gauge) => gauge.set(state().assignedPartitions()),
  });
  metrics.gauge({
    name: 'topic_partitions',
    help: `Partitions of the ${topic}. Over all instances, the assigned ones must add up to it.`,
    collect: (gauge) => gauge.set(state().topicPartitions()),
  });
  metrics.counter({
    name: 'rebalances_total',
    help: 'Assignments that the consumer group has made to this instance, the first one included.',
    collect: (counter) => {
      counter.reset();
      counter.inc(state().rebalances());
    },
  });
}

function ofPartitions(metrics: Metrics, name: string, help: string, values: () => Iterable<readonly [number, number]>) {
  metrics.gauge<'partition'>({
    name,
    help,
    labelNames: ['partition'],
    collect: (gauge) => {
      gauge.reset();
      for (const [partition, value] of values()) gauge.set({ partition: String(partition) }, value);
    },
  });
}
