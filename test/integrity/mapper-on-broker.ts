/** What a mapper needs on the shared broker: topics, schemas and a connectors file that no other test uses. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createKafkaAdmin, createKafkaConnection, createSchemaRegistry, type KafkaConnection } from '@astrolabe/kafka';
import { applyContracts } from '@astrolabe/local-pipeline';
import { topicsFor, type Topics } from '@astrolabe/records';
import { createLogger } from '@astrolabe/service-kit';
import { uniqueName } from '@astrolabe/testkit';
import { commandSchemasIn } from '@astrolabe/records/serde';

export interface MapperSurroundings {
  readonly connection: KafkaConnection;
  readonly topics: Topics;
  readonly groupId: string;
  /** Of the mapper. */
  readonly env: Readonly<Record<string, string>>;
}

/** The brokers' own minimum: how long the partitions of a killed instance rest. */
const SESSION_TIMEOUT_MS = 6_000;

export async function prepareMapper(
  t: TestContext,
  name: string,
  connectors: readonly object[],
): Promise<MapperSurroundings> {
  const prefix = `${uniqueName(name)}.`;
  const folder = await mkdtemp(join(tmpdir(), `${name}-`));
  t.after(() => rm(folder, { recursive: true }));
  const connectorsFile = join(folder, 'connectors.json');
  await writeFile(connectorsFile, JSON.stringify({ connectors }));
  const brokers = process.env['KAFKA_BROKERS'] ?? '';
  const schemaRegistryUrl = process.env['SCHEMA_REGISTRY_URL'] ?? '';
  const logger = createLogger({ name, level: 'silent' });
  const connection = createKafkaConnection({ brokers: brokers.split(','), clientId: name, logger });
  const topics = topicsFor(prefix);
  const schemaRegistry = commandSchemasIn(createSchemaRegistry({ url: schemaRegistryUrl }));
  await applyContracts({ kafka: connection, schemaRegistry, topics, replicationFactor: 1 });
  return {
    connection,
    topics,
    groupId: `${prefix}astrolabe.mapper`,
    env: {
      KAFKA_BROKERS: brokers,
      KAFKA_TOPIC_PREFIX: prefix,
      SCHEMA_REGISTRY_URL: schemaRegistryUrl,
      CONNECTORS_FILE: connectorsFile,
      KAFKA_SESSION_TIMEOUT_MS: String(SESSION_TIMEOUT_MS),
    },
  };
}

/** Whether the group has committed every record of the topic. */
export async function isDrained(connection: KafkaConnection, groupId: string, topic: string): Promise<boolean> {
  const admin = await createKafkaAdmin(connection);
  try {
    const committed = await admin.commits(groupId, topic);
    const watermarks = await admin.watermarks(topic);
    return watermarks.every(({ partition, lowWatermark, highWatermark }) =>
      highWatermark > lowWatermark ? committed.get(partition)?.nextOffset === highWatermark : true,
    );
  } finally {
    await admin.close();
  }
}
