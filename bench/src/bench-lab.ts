/** What every bench needs: a stack, clients of its own, and a folder with the connectors file. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKafkaConnection, type KafkaConnection } from '@astrolabe/kafka';
import { createLogger, type Logger } from '@astrolabe/service-kit';
import { startLocalStack } from '@astrolabe/testkit';
import type { BenchOptions } from './bench-options.ts';
import { tracedEnvironment, type Variables } from './tracing/traced-environment.ts';

export interface BenchLab extends AsyncDisposable {
  readonly kafkaBrokers: string;
  readonly schemaRegistryUrl: string;
  /** Undefined where the broker is not a process of this machine that the bench has started. */
  readonly brokerPid: number | undefined;
  readonly connection: KafkaConnection;
  readonly logger: Logger;
  /** Gone when the lab is disposed of. */
  readonly folder: string;
  readonly connectorsFile: string;
  /** For services whose tracing is measured too: empty unless the bench was given `OTEL_*` variables. */
  readonly tracing: Variables;
  /** Lines that say what is going on. */
  readonly say: (line: string) => void;
}

export interface BenchConnector {
  readonly id: string;
  readonly name: string;
  readonly apiKey: string;
  readonly rateLimit: { readonly eventsPerSecond: number; readonly burst: number };
}

/** An entry of the connectors file with a new key. Its limit is applied, as in production, and never reached. */
export function createBenchConnector(): BenchConnector {
  return {
    id: 'bench',
    name: 'Bench',
    apiKey: randomBytes(16).toString('hex'),
    rateLimit: { eventsPerSecond: 1_000_000, burst: 1_000_000 },
  };
}

/** `connectors` as the connectors file has them. */
export async function openLab({ env, say }: BenchOptions, connectors: readonly object[]): Promise<BenchLab> {
  await using cleanup = new AsyncDisposableStack();
  const stack = await startLocalStack({ env, log: say });
  cleanup.defer(() => stack.stop());
  const { kafkaBrokers, schemaRegistryUrl } = stack;
  const logger = createLogger({ name: 'bench', level: 'error', destination: process.stderr });
  const connection = createKafkaConnection({ brokers: kafkaBrokers.split(','), clientId: 'bench', logger });
  const folder = await mkdtemp(join(tmpdir(), 'astrolabe-bench-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const connectorsFile = join(folder, 'connectors.json');
  await writeFile(connectorsFile, JSON.stringify({ connectors }));
  const tracing = await tracedEnvironment(env, cleanup);
  const owned = cleanup.move();
  return {
    kafkaBrokers,
    schemaRegistryUrl,
    brokerPid: stack.kafka?.processId(),
    connection,
    logger,
    folder,
    connectorsFile,
    tracing,
    say,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
