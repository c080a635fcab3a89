/** One of those that are compared, as a process that reads the events of a run. */
import { spawnService, type ServiceProcess } from '@astrolabe/testkit';
import type { BenchLab } from '../bench-lab.ts';
import type { RunTopics } from '../run-topics.ts';

/** `ours` is exactly-once, as the mapper comes. */
export type SideName = 'ours' | 'at-least-once' | 'baseline';

export const groupId = 'mapper';

const mapperMain = new URL('../../../services/mapper/src/main.ts', import.meta.url);
const baselineMain = new URL('../baselines/minimal-mapper.ts', import.meta.url);

/** Resolves once the process has its partitions, which is when it begins to read. The caller stops it. */
export async function startSide(name: SideName, lab: BenchLab, run: RunTopics): Promise<ServiceProcess> {
  const { prefix, topics } = run;
  const { kafkaBrokers: KAFKA_BROKERS, schemaRegistryUrl: SCHEMA_REGISTRY_URL, connectorsFile: CONNECTORS_FILE } = lab;
  if (name === 'baseline') {
    return spawnService({
      name,
      entry: baselineMain,
      env: {
        KAFKA_BROKERS,
        SOURCE_TOPIC: topics.segmentEvents.name,
        COMMAND_TOPIC: topics.commands.name,
        GROUP_ID: prefix + groupId,
        SCHEMA_IDS: JSON.stringify(Object.fromEntries(run.schemaIds)),
      },
    });
  }
  return spawnService({
    name,
    entry: mapperMain,
    env: {
      KAFKA_BROKERS,
      SCHEMA_REGISTRY_URL,
      CONNECTORS_FILE,
      KAFKA_TOPIC_PREFIX: prefix,
      MAPPER_GROUP_ID: groupId,
      ADMIN_PORT: '0',
      ...lab.tracing,
      ...(name === 'at-least-once' && { MAPPER_GUARANTEE: 'at-least-once' }),
    },
  });
}
