/**
 * Dispatchers as processes of their own between a real broker and the reference API, with topics, a group and
 * connectors that nobody else uses.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  createKafkaAdmin,
  createKafkaConnection,
  createRecordProducer,
  createSchemaRegistry,
  readTopic,
} from '@astrolabe/kafka';
import { headerNames, toHeaders, topicsFor, type ConsumedRecord } from '@astrolabe/records';
import { commandSchemasIn, createCommandEncoder } from '@astrolabe/records/serde';
import { startReferenceApi, type RunningReferenceApi } from '@astrolabe/reference-api';
import type { Command } from '@astrolabe/schemas';
import { createLogger } from '@astrolabe/service-kit';
import type { DeliverySettings } from '@astrolabe/service-kit/connectors';
import { spawnService, uniqueName, type ServiceProcess } from '@astrolabe/testkit';

export interface DispatchersOnBroker {
  /** Of the topics. */
  readonly prefix: string;
  readonly api: RunningReferenceApi;
  /** Starts another dispatcher. */
  start(name: string): Promise<ServiceProcess>;
  /** Stores the commands in their order; the key of a record is its connector and user. */
  produce(commands: readonly Command[]): Promise<void>;
  /** Whether the group has committed everything, and no connector lags. */
  isDrained(): Promise<boolean>;
  /** Resets the group, which must have no members, to the start of the topic. */
  rewind(): Promise<void>;
  deadLetters(): Promise<readonly ConsumedRecord[]>;
  /** Chunks of the delivery ledger that the brokers have. */
  ledgerChunks(): Promise<number>;
  /** Rewrites the connectors file with these settings for the named connectors; running dispatchers pick it up. */
  editDelivery(settings: Readonly<Record<string, DeliverySettings>>): Promise<void>;
}

const entry = new URL('../../services/dispatcher/src/main.ts', import.meta.url);

export async function startDispatchersOnBroker(
  t: TestContext,
  connectorIds: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<DispatchersOnBroker> {
  const prefix = `${uniqueName('dispatch')}.`;
  const closings: (() => Promise<unknown>)[] = [];
  t.after(async () => {
    for (const close of closings.toReversed()) await close();
  });
  const broker = await prepareBroker(prefix, closings);
  const api = await startReferenceApi({
    apiKeys: connectorIds.map((connector) => ({ key: `key-of-${connector}`, connector })),
    callLogCapacity: 1_000_000,
  });
  closings.push(() => api.close());
  const folder = await mkdtemp(join(tmpdir(), 'dispatchers-'));
  closings.push(() => rm(folder, { recursive: true, force: true }));
  const connectorsFile = join(folder, 'connectors.json');
  const editDelivery = async (settings: Readonly<Record<string, DeliverySettings>>): Promise<void> => {
    const connectors = connectorIds.map((id) => ({
      id,
      name: id,
      apiKey: `key-of-${id}`,
      ...(settings[id] === undefined ? {} : { delivery: settings[id] }),
    }));
    await writeFile(connectorsFile, JSON.stringify({ connectors }));
  };
  await editDelivery({});
  return {
    ...broker,
    prefix,
    api,
    editDelivery,
    start: async (name) => {
      const service = await spawnService({
        name,
        entry,
        env: {
          KAFKA_BROKERS: kafkaBrokers(),
          SCHEMA_REGISTRY_URL: schemaRegistryUrl(),
          KAFKA_TOPIC_PREFIX: prefix,
          CONNECTORS_FILE: connectorsFile,
          DISPATCHER_API_URL: api.url,
          DISPATCHER_LEDGER_DIRECTORY: join(folder, 'ledger'),
          ...env,
        },
      });
      closings.push(() => service.stop());
      return service;
    },
  };
}

/** Of the broker that the runner provides. */
function kafkaBrokers(): string {
  return process.env['KAFKA_BROKERS'] ?? '';
}

function schemaRegistryUrl(): string {
  return process.env['SCHEMA_REGISTRY_URL'] ?? '';
}

async function prepareBroker(
  prefix: string,
  closings: (() => Promise<unknown>)[],
): Promise<Pick<DispatchersOnBroker, 'produce' | 'isDrained' | 'rewind' | 'deadLetters' | 'ledgerChunks'>> {
  const topics = topicsFor(prefix);
  const groupId = `${prefix}astrolabe.dispatcher`;
  const logger = createLogger({ name: 'dispatch-test', level: 'silent' });
  const brokers = kafkaBrokers().split(',');
  const connection = createKafkaConnection({ brokers, clientId: 'dispatch-test', logger });
  const admin = await createKafkaAdmin(connection);
  closings.push(() => admin.close());
  const { commands, commandsDeadLetters, deliveries, replayedCommands, replays } = topics;
  const used = [commands, commandsDeadLetters, deliveries, replayedCommands, replays];
  await admin.applyTopics(await admin.planTopics(used, 1));
  const registry = commandSchemasIn(createSchemaRegistry({ url: schemaRegistryUrl(), auth: undefined }));
  await registry.apply(topics.commands.name);
  const encoder = createCommandEncoder(await registry.commandIds(topics.commands.name));
  const producer = await createRecordProducer({ connection, logger });
  closings.push(() => producer.close());
  return {
    produce: async (commands) => {
      for (let start = 0; start < commands.length; start += 2_000) {
        await producer.send(
          topics.commands.name,
          commands.slice(start, start + 2_000).map((command) => ({
            key: Buffer.from(keyOf(command)),
            value: encoder.encode(command),
            headers: toHeaders({
              [headerNames.connectorId]: command.record.connectorId,
              [headerNames.messageId]: command.record.messageId,
              [headerNames.commandId]: command.record.commandId,
            }),
          })),
        );
      }
    },
    isDrained: async () => {
      const commits = await admin.commits(groupId, topics.commands.name);
      const watermarks = await admin.watermarks(topics.commands.name);
      return watermarks.every(({ partition, lowWatermark, highWatermark }) => {
        const commit = commits.get(partition);
        return (commit?.nextOffset ?? lowWatermark) === highWatermark && (commit?.metadata ?? '') === '';
      });
    },
    rewind: async () => {
      const watermarks = await admin.watermarks(topics.commands.name);
      const first = watermarks.map(({ partition, lowWatermark }) => [partition, lowWatermark] as const);
      await admin.setOffsets(groupId, topics.commands.name, new Map(first));
    },
    deadLetters: async () => {
      const deadLetters: ConsumedRecord[] = [];
      await readTopic({ connection, topic: topics.commandsDeadLetters.name }, (deadLetter) =>
        deadLetters.push(deadLetter),
      );
      return deadLetters;
    },
    ledgerChunks: async () => {
      const watermarks = await admin.watermarks(topics.deliveries.name);
      return watermarks.reduce((sum, { highWatermark }) => sum + Number(highWatermark), 0);
    },
  };
}

function keyOf({ record }: Command): string {
  return JSON.stringify([record.connectorId, 'user', 'userId' in record ? record.userId : record.accountId]);
}
