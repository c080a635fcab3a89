import { spawnService } from '@astrolabe/testkit';
import type { BenchLab } from '../bench-lab.ts';
import { groups, type PipelineRun } from '../pipeline/pipeline-run.ts';

export interface RunningConsole extends AsyncDisposable {
  /** Ends in a slash. */
  readonly url: string;
  readonly pid: number;
}

/** As `npm start` has it: on loopback, everybody may do everything, and it follows all three services. */
export async function startConsole(lab: BenchLab, run: PipelineRun): Promise<RunningConsole> {
  const service = await spawnService({
    name: 'console',
    entry: new URL('../../../services/console/src/main.ts', import.meta.url),
    env: {
      KAFKA_BROKERS: lab.kafkaBrokers,
      KAFKA_TOPIC_PREFIX: run.topics.prefix,
      KAFKA_REPLICATION_FACTOR: '1',
      SCHEMA_REGISTRY_URL: lab.schemaRegistryUrl,
      MAPPER_GROUP_ID: groups.mapper,
      DISPATCHER_GROUP_ID: groups.dispatcher,
      CONNECTORS_FILE: lab.connectorsFile,
      CONSOLE_LOGIN: 'none',
      CONSOLE_ROLES: '*=admin',
      CONSOLE_PORT: '0',
      CONSOLE_SERVICE_URLS: run.adminUrls.join(','),
      CONSOLE_INGEST_URL: run.ingestUrl,
    },
  });
  return { url: service.url, pid: service.pid, [Symbol.asyncDispose]: () => service.stop() };
}
