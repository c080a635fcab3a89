/** Two processes of each service on one set of topics, each with a name that it keeps when it is started again. */
import { join } from 'node:path';
import { spawnService, type ServiceProcess } from '@astrolabe/testkit';
import type { BenchLab } from '../bench-lab.ts';
import { readProcessUsage } from '../process-usage.ts';
import { createRunTopics } from '../run-topics.ts';

export const serviceNames = ['ingest', 'mapper', 'dispatcher'] as const;
export type ServiceName = (typeof serviceNames)[number];

const INSTANCES = [0, 1] as const;
const mains: Readonly<Record<ServiceName, URL>> = {
  ingest: new URL('../../../services/ingest/src/main.ts', import.meta.url),
  mapper: new URL('../../../services/mapper/src/main.ts', import.meta.url),
  dispatcher: new URL('../../../services/dispatcher/src/main.ts', import.meta.url),
};

/** One place of a process, which may be empty for a while. */
export class Instance {
  readonly service: ServiceName;
  readonly #name: string;
  readonly #env: Readonly<Record<string, string>>;
  #running: ServiceProcess | undefined;

  constructor(service: ServiceName, number: number, env: Readonly<Record<string, string>>) {
    this.service = service;
    this.#name = `${service}-${number}`;
    this.#env = service === 'ingest' ? env : { ...env, KAFKA_GROUP_INSTANCE_ID: this.#name };
  }

  /** Where it serves; undefined while it does not. */
  get url(): string | undefined {
    return this.#running?.exit === undefined ? this.#running?.url : undefined;
  }

  /** Resolves once it serves. */
  async start(): Promise<void> {
    this.#running = await spawnService({ name: this.#name, entry: mains[this.service], env: this.#env });
  }

  /** SIGTERM; resolves when the process is gone. */
  async stop(): Promise<void> {
    await this.#running?.stop();
    this.#running = undefined;
  }

  async kill(): Promise<void> {
    this.#running?.kill('SIGKILL');
    await this.#running?.exited;
    this.#running = undefined;
  }

  async residentMb(): Promise<number> {
    return this.#running === undefined ? 0 : (await readProcessUsage(this.#running.pid)).residentMb;
  }
}

export interface Instances extends AsyncDisposable {
  readonly all: readonly Instance[];
  of(service: ServiceName): readonly [Instance, Instance];
}

export async function startInstances(lab: BenchLab, apiUrl: string): Promise<Instances> {
  const { kafkaBrokers: KAFKA_BROKERS, schemaRegistryUrl: SCHEMA_REGISTRY_URL, connectorsFile: CONNECTORS_FILE } = lab;
  await using cleanup = new AsyncDisposableStack();
  const run = cleanup.use(await createRunTopics(lab, ['mapper', 'dispatcher']));
  const shared = {
    KAFKA_BROKERS,
    CONNECTORS_FILE,
    KAFKA_TOPIC_PREFIX: run.prefix,
    ADMIN_PORT: '0',
    // As the image has it.
    NODE_COMPILE_CACHE: join(lab.folder, 'compile-cache'),
  };
  const environments: Readonly<Record<ServiceName, (number: number) => Record<string, string>>> = {
    ingest: () => ({ ...shared, INGEST_PORT: '0' }),
    mapper: () => ({ ...shared, SCHEMA_REGISTRY_URL, MAPPER_GROUP_ID: 'mapper' }),
    dispatcher: (number) => ({
      ...shared,
      SCHEMA_REGISTRY_URL,
      DISPATCHER_GROUP_ID: 'dispatcher',
      DISPATCHER_API_URL: apiUrl,
      DISPATCHER_LEDGER_DIRECTORY: join(lab.folder, `${run.prefix}${number}`),
    }),
  };
  const all: Instance[] = [];
  for (const service of serviceNames) {
    for (const number of INSTANCES) {
      const instance = new Instance(service, number, environments[service](number));
      await instance.start();
      cleanup.defer(() => instance.stop());
      all.push(instance);
    }
  }
  const owned = cleanup.move();
  return {
    all,
    of: (service) => {
      const [first, second] = all.filter((instance) => instance.service === service);
      if (first === undefined || second === undefined) throw new Error(`two instances of ${service} are needed`);
      return [first, second];
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
