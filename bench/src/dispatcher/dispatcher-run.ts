/**
 * What a measurement needs: topics of its own with commands on them, an API stub, and one of those that are compared.
 */
import { join } from 'node:path';
import { createCommandEncoder, type CommandEncoder } from '@astrolabe/records/serde';
import { spawnService, type ServiceProcess } from '@astrolabe/testkit';
import type { BenchLab } from '../bench-lab.ts';
import { createRunTopics, type ChooseTopics, type RunTopics } from '../run-topics.ts';
import type { Arrivals } from './arrivals.ts';
import { buildCommand } from './commands.ts';

/** `single` and `bulk` are ours; `bare` and `each-message` are baselines. */
export type Contender = 'single' | 'bulk' | 'bare' | 'each-message';

export interface DispatcherRun extends AsyncDisposable {
  readonly service: ServiceProcess;
  arrivals(): Promise<Arrivals>;
}

const FILL_BATCH = 5_000;
const groupId = 'dispatcher';

export const dispatcherTopics: ChooseTopics = ({ commands, commandsDeadLetters, deliveries }) => [
  commands,
  commandsDeadLetters,
  deliveries,
];

const dispatcherMain = new URL('../../../services/dispatcher/src/main.ts', import.meta.url);
const bareMain = new URL('../baselines/bare-dispatcher.ts', import.meta.url);
const eachMessageMain = new URL('../baselines/each-message-dispatcher.ts', import.meta.url);
const stubMain = new URL('api-stub.ts', import.meta.url);

/**
 * Starts one contender on `commands` commands that are there already. Disposed of, processes, topics and group are
 * gone: a broker that is somebody else's must not be left with them.
 */
export async function startRun(
  contender: Contender,
  lab: BenchLab,
  commands: number,
  delayMs: number,
): Promise<DispatcherRun> {
  const { kafkaBrokers: KAFKA_BROKERS, schemaRegistryUrl: SCHEMA_REGISTRY_URL } = lab;
  await using cleanup = new AsyncDisposableStack();
  const run = await createRunTopics(lab, [groupId], dispatcherTopics);
  cleanup.use(run);
  const { prefix, topics } = run;
  await fillCommands(run, createCommandEncoder(run.schemaIds), commands);
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

/** Puts the first so many commands on their topic. */
export async function fillCommands(
  { producer, topics }: Pick<RunTopics, 'producer' | 'topics'>,
  encoder: CommandEncoder,
  commands: number,
): Promise<void> {
  for (let start = 0; start < commands; start += FILL_BATCH) {
    const length = Math.min(FILL_BATCH, commands - start);
    const records = Array.from({ length }, (_, index) => buildCommand(start + index, encoder));
    await producer.send(topics.commands.name, records);
  }
}
