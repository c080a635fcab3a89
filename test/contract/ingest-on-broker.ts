/**
 * Ingest as a process of its own in front of a real broker, with topics and a connector that nobody else uses, and a
 * view of what it has stored.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKafkaAdmin, createKafkaConnection, readTopic, type KafkaConnection } from '@astrolabe/kafka';
import { topicsFor, type ConsumedRecord, type TopicDefinition } from '@astrolabe/records';
import type { JsonObject } from '@astrolabe/schemas';
import { createLogger } from '@astrolabe/service-kit';
import { eventually, spawnService, uniqueName, type ServiceProcess } from '@astrolabe/testkit';

export const CONNECTOR_ID = 'acme';
export const WRITE_KEY = 'writekey0acme';

export interface IngestOnBrokerOptions {
  /** Comma-separated `host:port`. */
  readonly kafkaBrokers: string;
  /** Configuration beyond brokers, topics, connectors and port. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface StoredEvent {
  /** The record's key, parsed: connector, kind of identity, id. */
  readonly key: unknown;
  readonly headers: Readonly<Record<string, string>>;
  /** The record's value as it lies on the topic. */
  readonly text: string;
  readonly event: JsonObject;
}

export interface IngestOnBroker {
  readonly process: ServiceProcess;
  /** Everything on the event topic; in order within a partition. */
  storedEvents(): Promise<StoredEvent[]>;
  /** The `message-id` headers of everything on the event topic, as cheaply as that can be had. */
  storedMessageIds(): Promise<string[]>;
  /** Number of records among the dead letters. */
  deadLetterCount(): Promise<number>;
  /**
   * Deletes the topics if they exist. The broker then refuses every record until `restoreTopics` creates them again,
   * empty.
   */
  removeTopics(): Promise<void>;
  restoreTopics(): Promise<void>;
  /** Ends the process in good order. The topics stay. */
  close(): Promise<void>;
}

const entry = new URL('../../services/ingest/src/main.ts', import.meta.url);

export async function startIngestOnBroker({ kafkaBrokers, env = {} }: IngestOnBrokerOptions): Promise<IngestOnBroker> {
  const prefix = `${uniqueName('contract')}.`;
  const { segmentEvents, segmentEventsDeadLetters } = topicsFor(prefix);
  const topics = [segmentEvents, segmentEventsDeadLetters] as const;
  const connection = createKafkaConnection({
    brokers: kafkaBrokers.split(','),
    clientId: 'contract-test',
    logger: createLogger({ name: 'contract-test', level: 'silent' }),
  });

  const { removeTopics, restoreTopics } = topicsOnBroker(connection, topics);
  await restoreTopics();
  const directory = await mkdtemp(join(tmpdir(), 'ingest-on-broker-'));
  const connectorsFile = join(directory, 'connectors.json');
  const connector = { id: CONNECTOR_ID, name: 'Acme', apiKey: 'apikey0acme', writeKeys: [WRITE_KEY] };
  await writeFile(connectorsFile, JSON.stringify({ connectors: [connector] }));
  const process = await spawnService({
    name: 'ingest',
    entry,
    env: {
      KAFKA_BROKERS: kafkaBrokers,
      KAFKA_TOPIC_PREFIX: prefix,
      CONNECTORS_FILE: connectorsFile,
      INGEST_PORT: '0',
      INGEST_DRAIN_MS: '0',
      ...env,
    },
  });

  return {
    process,
    storedEvents: async () => {
      const stored: StoredEvent[] = [];
      await readTopic({ connection, topic: segmentEvents.name }, (record) => stored.push(toStoredEvent(record)));
      return stored;
    },
    storedMessageIds: async () => {
      const messageIds: string[] = [];
      await readTopic({ connection, topic: segmentEvents.name }, ({ headers }) => {
        messageIds.push(String(headers['message-id']));
      });
      return messageIds;
    },
    deadLetterCount: () => readTopic({ connection, topic: segmentEventsDeadLetters.name }, () => undefined),
    removeTopics,
    restoreTopics,
    close: async () => {
      try {
        await process.stop();
      } finally {
        await rm(directory, { recursive: true });
      }
    },
  };
}

function topicsOnBroker(
  connection: KafkaConnection,
  topics: readonly [TopicDefinition, ...TopicDefinition[]],
): Pick<IngestOnBroker, 'removeTopics' | 'restoreTopics'> {
  const withAdmin = async <T>(
    work: (admin: Awaited<ReturnType<typeof createKafkaAdmin>>) => Promise<T>,
  ): Promise<T> => {
    const admin = await createKafkaAdmin(connection);
    try {
      return await work(admin);
    } finally {
      await admin.close();
    }
  };
  let haveTopics = false;
  const removeTopics = async (): Promise<void> => {
    if (!haveTopics) return;
    await withAdmin(async (admin) => {
      await admin.deleteTopics(topics.map(({ name }) => name));
      // The broker goes on taking records for a moment after it has promised the deletion, and would lose them.
      const isGone = (): Promise<boolean> =>
        admin.watermarks(topics[0].name).then(
          () => false,
          () => true,
        );
      await eventually(isGone, { timeoutMs: 15_000, describe: 'the broker to have forgotten the topics' });
    });
    haveTopics = false;
  };
  const restoreTopics = async (): Promise<void> => {
    await withAdmin(async (admin) => admin.applyTopics(await admin.planTopics(topics, 1)));
    haveTopics = true;
  };
  return { removeTopics, restoreTopics };
}

function toStoredEvent({ key, value, headers }: ConsumedRecord): StoredEvent {
  const text = String(value);
  return {
    key: JSON.parse(String(key)) as unknown,
    headers: Object.fromEntries(Object.entries(headers).map(([name, each]) => [name, String(each)])),
    text,
    event: JSON.parse(text) as JsonObject,
  };
}
