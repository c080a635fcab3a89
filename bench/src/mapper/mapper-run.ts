/** What a measurement needs: topics and schemas of its own, and one of those that are compared, as a process that reads them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createSchemaRegistry,
  topicsFor,
  createKafkaAdmin,
  createRecordProducer,
  type KafkaAdmin,
  type KafkaConnection,
  type RecordProducer,
  type Topics,
} from '@astrolabe/kafka';
import type { Logger } from '@astrolabe/service-kit';
import { spawnService, uniqueName, type ServiceProcess } from '@astrolabe/testkit';
import { connectors } from './events.ts';

/** `ours` is exactly-once, as the mapper comes. */
export type SideName = 'ours' | 'at-least-once' | 'baseline';

/** The stack, and what the bench itself uses to talk to it. */
export interface MapperLab {
  readonly kafkaBrokers: string;
  readonly schemaRegistryUrl: string;
  readonly connection: KafkaConnection;
  readonly logger: Logger;
  readonly connectorsFile: string;
  /** Lines that say what is going on. */
  readonly say: (line: string) => void;
}

export async function writeConnectorsFile(folder: string): Promise<string> {
  const path = join(folder, 'connectors.json');
  await writeFile(path, JSON.stringify({ connectors }));
  return path;
}

/** Topics that no other run has seen, so that what is on them tells exactly what became of this one's events. */
export interface RunTopics extends AsyncDisposable {
  readonly admin: KafkaAdmin;
  readonly producer: RecordProducer;
  readonly prefix: string;
  readonly topics: Topics;
  readonly groupId: string;
  /** By kind, as JSON. */
  readonly schemaIds: string;
}

/** The broker of a busy machine may take its time over what is put on the source topic. */
const DELIVERY_TIMEOUT_MS = 60_000;

/** Disposed of, the topics and the group are gone: a broker that is somebody else's must not be left with them. */
export async function createRunTopics({ connection, logger, schemaRegistryUrl }: MapperLab): Promise<RunTopics> {
  await using cleanup = new AsyncDisposableStack();
  // Clients of its own: kafkajs keeps asking for every topic that a client has ever used, and fails once one of them is deleted.
  const admin = await createKafkaAdmin(connection);
  cleanup.defer(() => admin.close());
  const producer = await createRecordProducer({ connection, logger, deliveryTimeoutMs: DELIVERY_TIMEOUT_MS });
  cleanup.defer(() => producer.close());
  const prefix = `${uniqueName('bench')}.`;
  const topics = topicsFor(prefix);
  const groupId = 'mapper';
  const all = Object.values(topics);
  await admin.applyTopics(await admin.planTopics(all, 1));
  cleanup.defer(() => admin.deleteTopics(all.map(({ name }) => name)));
  const applied = await createSchemaRegistry({ url: schemaRegistryUrl }).apply(topics.commands.name);
  // One that is not empty yet ends by itself once its topics are gone.
  cleanup.defer(() => admin.deleteGroups([prefix + groupId]).catch(() => undefined));
  const owned = cleanup.move();
  return {
    admin,
    producer,
    prefix,
    topics,
    groupId,
    schemaIds: JSON.stringify(Object.fromEntries(applied.map(({ kind, schemaId }) => [kind, schemaId]))),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const mapperMain = new URL('../../../services/mapper/src/main.ts', import.meta.url);
const baselineMain = new URL('../baselines/minimal-mapper.ts', import.meta.url);

/** Resolves once the process has its partitions, which is when it begins to read. The caller stops it. */
export async function startSide(name: SideName, lab: MapperLab, run: RunTopics): Promise<ServiceProcess> {
  const { prefix, topics, groupId } = run;
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
        SCHEMA_IDS: run.schemaIds,
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
      ...(name === 'at-least-once' && { MAPPER_GUARANTEE: 'at-least-once' }),
    },
  });
}
