/** What a measurement needs: topics of its own with commands on them, an API stub, and one of those that are compared. */
import { join } from 'node:path';
import {
  createCommandEncoder,
  createKafkaAdmin,
  createRecordProducer,
  createSchemaRegistry,
  topicsFor,
  type KafkaConnection,
} from '@astrolabe/kafka';
import type { Logger } from '@astrolabe/service-kit';
import { spawnService, uniqueName, type ServiceProcess } from '@astrolabe/testkit';
import type { Arrivals } from './arrivals.ts';
import { buildCommand } from './commands.ts';

/** `single` and `bulk` are ours; `bare` and `each-message` are baselines. */
export type Contender = 'single' | 'bulk' | 'bare' | 'each-message';

/** The stack, and what the bench itself uses to talk to it. */
export interface DispatcherLab {
  readonly kafkaBrokers: string;
  readonly schemaRegistryUrl: string;
  readonly connection: KafkaConnection;
  readonly logger: Logger;
  readonly connectorsFile: string;
  /** A folder of the bench. */
  readonly folder: string;
  /** Lines that say what is going on. */
  readonly say: (line: string) => void;
}

export interface DispatcherRun extends AsyncDisposable {
  readonly service: ServiceProcess;
  arrivals(): Promise<Arrivals>;
}

const FILL_BATCH = 5_000;
const DELIVERY_TIMEOUT_MS = 60_000;

const dispatcherMain = new URL('../../../services/dispatcher/src/main.ts', import.meta.url);
const bareMain = new URL('../baselines/bare-dispatcher.ts', import.meta.url);
const eachMessageMain = new URL('../baselines/each-message-dispatcher.ts', import.meta.url);
const stubMain = new URL('api-stub.ts', import.meta.url);

/**
 * Starts one contender on `commands` commands that are there already. Disposed of, processes, topics and group are gone: a broker that is
 * somebody else's must not be left with them.
 */
export async function startRun(
  contender: Contender,
  lab: DispatcherLab,
  commands: number,
  delayMs: number,
): Promise<DispatcherRun> {
  const { connection, logger, kafkaBrokers: KAFKA_BROKERS, schemaRegistryUrl: SCHEMA_REGISTRY_URL } = lab;
  await using cleanup = new AsyncDisposableStack();
  // Clients of its own: kafkajs keeps asking for every topic that a client has ever used, and fails once one of them is deleted.
  const admin = await createKafkaAdmin(connection);
  cleanup.defer(() => admin.close());
  const producer = await createRecordProducer({ connection, logger, deliveryTimeoutMs: DELIVERY_TIMEOUT_MS });
  cleanup.defer(() => producer.close());
  const prefix = `${uniqueName('bench')}.`;
  const topics = topicsFor(prefix);
  const groupId = 'dispatcher';
  const all = [topics.commands, topics.commandsDeadLetters, topics.deliveries];
  await admin.applyTopics(await admin.planTopics(all, 1));
  cleanup.defer(() => admin.deleteTopics(all.map(({ name }) => name)));
  const registry = createSchemaRegistry({ url: SCHEMA_REGISTRY_URL });
  const applied = await registry.apply(topics.commands.name);
  const encoder = createCommandEncoder(new Map(applied.map(({ kind, schemaId }) => [kind, schemaId])));
  for (let start = 0; start < commands; start += FILL_BATCH) {
    const length = Math.min(FILL_BATCH, commands - start);
    const records = Array.from({ length }, (_, index) => buildCommand(start + index, encoder));
    await producer.send(topics.commands.name, records);
  }
  // One that is not empty yet ends by itself once its topics are gone.
  cleanup.defer(() => admin.deleteGroups([prefix + groupId]).catch(() => undefined));

  const stub = await spawnService({ name: 'API stub', entry: stubMain, env: { API_DELAY_MS: String(delayMs) } });
  cleanup.defer(() => stub.stop());
  const isOurs = contender === 'single' || contender === 'bulk';
  const service = await spawnService({
    name: contender,
    entry: isOurs ? dispatcherMain : contender === 'bare' ? bareMain : eachMessageMain,
    env: isOurs
      ? {
          KAFKA_BROKERS,
          SCHEMA_REGISTRY_URL,
          CONNECTORS_FILE: lab.connectorsFile,
          KAFKA_TOPIC_PREFIX: prefix,
          ADMIN_PORT: '0',
          DISPATCHER_GROUP_ID: groupId,
          DISPATCHER_API_URL: stub.url,
          DISPATCHER_LEDGER_DIRECTORY: join(lab.folder, prefix),
          DISPATCHER_BULK: String(contender === 'bulk'),
        }
      : { KAFKA_BROKERS, COMMAND_TOPIC: topics.commands.name, GROUP_ID: prefix + groupId, API_URL: stub.url },
  });
  cleanup.defer(() => service.stop());
  const owned = cleanup.move();
  return {
    service,
    arrivals: async () => (await fetch(`${stub.url}/arrivals`)).json() as Promise<Arrivals>,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
