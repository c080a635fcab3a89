/**
 * How many commands a second one dispatcher carries out with every guarantee on, beside loops that give none (`baselines/`), at several
 * delays of the API; and what bulk calls gain. All are processes of their own on one broker, measured in turn within each round.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKafkaConnection } from '@astrolabe/kafka';
import { createLogger } from '@astrolabe/service-kit';
import { startLocalStack } from '@astrolabe/testkit';
import type { BenchOptions } from '../bench-options.ts';
import type { ComparedCase } from '../comparison.ts';
import { connectorId } from './commands.ts';
import { compareThroughput, type DispatcherCase } from './throughput.ts';

const cases: readonly DispatcherCase[] = [
  beside('bare', 'delay-0', 0, 19_000, 26_000),
  beside('bare', 'delay-20', 20, 11_000, 11_000),
  beside('bare', 'delay-200', 200, 1_200, 1_200),
  beside('each-message', 'each-message-20', 20, 10_000, 45),
  {
    name: 'bulk-0',
    delayMs: 0,
    ours: { contender: 'bulk', commandsPerSecond: 45_000 },
    baseline: { contender: 'single', commandsPerSecond: 19_000 },
  },
  {
    name: 'bulk-20',
    delayMs: 20,
    ours: { contender: 'bulk', commandsPerSecond: 45_000 },
    baseline: { contender: 'single', commandsPerSecond: 11_000 },
  },
];

function beside(
  contender: 'bare' | 'each-message',
  name: string,
  delayMs: number,
  ours: number,
  baseline: number,
): DispatcherCase {
  return {
    name,
    delayMs,
    ours: { contender: 'single', commandsPerSecond: ours },
    baseline: { contender, commandsPerSecond: baseline },
  };
}

/** Rejects when a command did not reach the API exactly once, or out of the order of its user. */
export async function runDispatcherBench({ rounds, seconds, env, say }: BenchOptions): Promise<ComparedCase[]> {
  await using cleanup = new AsyncDisposableStack();
  const stack = await startLocalStack({ env, log: say });
  cleanup.defer(() => stack.stop());
  const { kafkaBrokers, schemaRegistryUrl } = stack;
  const logger = createLogger({ name: 'bench', level: 'error', destination: process.stderr });
  const connection = createKafkaConnection({ brokers: kafkaBrokers.split(','), clientId: 'bench', logger });
  const folder = await mkdtemp(join(tmpdir(), 'astrolabe-bench-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const connectorsFile = join(folder, 'connectors.json');
  await writeFile(
    connectorsFile,
    JSON.stringify({ connectors: [{ id: connectorId, name: 'Bench', apiKey: 'bench' }] }),
  );
  const lab = { kafkaBrokers, schemaRegistryUrl, connection, logger, connectorsFile, folder, say };
  const compared: ComparedCase[] = [];
  for (const each of cases) compared.push(await compareThroughput(each, lab, rounds, seconds));
  return compared;
}
