/** Which partitions an instance works on, by its metrics. Pure. */
import type { MetricSample, ServiceName } from '../oracle/observed.ts';

export type GroupMember = Exclude<ServiceName, 'ingest'>;

/** Each has a sample for every partition that its instance has, that of the mapper for those that it had as well. */
const gauges: Readonly<Record<GroupMember, string>> = {
  mapper: 'mapper_state_keys',
  dispatcher: 'dispatcher_partition_records',
};

export function ownedPartitions(service: GroupMember, samples: readonly MetricSample[]): readonly string[] {
  return samples.flatMap(({ name, labels: { partition } }) =>
    name === gauges[service] && partition !== undefined ? [partition] : [],
  );
}
