/** Several dispatchers of one group, an API stub, and commands that come once each dispatcher has its partitions. */
import { join } from 'node:path';
import { createCommandEncoder } from '@astrolabe/records/serde';
import { eventually, parsePrometheusText, spawnService, sumOf, type ServiceProcess } from '@astrolabe/testkit';
import type { BenchLab } from '../bench-lab.ts';
import type { Arrivals } from '../dispatcher/arrivals.ts';
import { dispatcherTopics, fillCommands } from '../dispatcher/dispatcher-run.ts';
import { createRunTopics } from '../run-topics.ts';

export interface InstancesRun extends AsyncDisposable {
  readonly services: readonly ServiceProcess[];
  /** Puts commands on the topic. */
  fill(commands: number): Promise<void>;
  arrivals(): Promise<Arrivals>;
}

/** 1, 2 and 4 instances own equally many. */
const PARTITIONS = 8;
const ASSIGNED_TIMEOUT_MS = 60_000;
const groupId = 'dispatcher';

const dispatcherMain = new URL('../../../services/dispatcher/src/main.ts', import.meta.url);
const stubMain = new URL('../dispatcher/api-stub.ts', import.meta.url);

/** Disposed of, processes, topics and group are gone. `env` is of each dispatcher. */
export async function startInstances(
  count: number,
  lab: BenchLab,
  delayMs: number,
  env: Readonly<Record<string, string>>,
): Promise<InstancesRun> {
  await using cleanup = new AsyncDisposableStack();
  const run = await createRunTopics(lab, [groupId], dispatcherTopics, PARTITIONS);
  cleanup.use(run);
  const stub = await spawnService({ name: 'API stub', entry: stubMain, env: { API_DELAY_MS: String(delayMs) } });
  cleanup.defer(() => stub.stop());
  const services = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const service = await spawnService({
        name: `dispatcher-${index}`,
        entry: dispatcherMain,
        env: {
          KAFKA_BROKERS: lab.kafkaBrokers,
          SCHEMA_REGISTRY_URL: lab.schemaRegistryUrl,
          CONNECTORS_FILE: lab.connectorsFile,
          KAFKA_TOPIC_PREFIX: run.prefix,
          ADMIN_PORT: '0',
          DISPATCHER_GROUP_ID: groupId,
          DISPATCHER_API_URL: stub.url,
          DISPATCHER_LEDGER_DIRECTORY: join(lab.folder, `${run.prefix}${index}`),
          ...env,
        },
      });
      cleanup.defer(() => service.stop());
      return service;
    }),
  );
  await untilShared(services);
  const encoder = createCommandEncoder(run.schemaIds);
  const owned = cleanup.move();
  return {
    services,
    fill: (commands) => fillCommands(run, encoder, commands),
    arrivals: async () => (await fetch(`${stub.url}/arrivals`)).json() as Promise<Arrivals>,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Each has its equal share of the connectors' limits, and so of the partitions. */
async function untilShared(services: readonly ServiceProcess[]): Promise<void> {
  await eventually(
    async () => {
      const shares = await Promise.all(services.map(({ adminUrl }) => rateShareOf(adminUrl)));
      return shares.every((share) => share === 1 / services.length);
    },
    {
      timeoutMs: ASSIGNED_TIMEOUT_MS,
      intervalMs: 200,
      describe: 'each dispatcher to have its share of the partitions',
    },
  );
}

async function rateShareOf(adminUrl: string): Promise<number> {
  const samples = parsePrometheusText(await (await fetch(`${adminUrl}/metrics`)).text());
  return sumOf(samples, 'dispatcher_limit_share_ratio', { limit: 'calls_per_second' });
}
