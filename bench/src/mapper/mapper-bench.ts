/**
 * How many events a second one mapper turns into commands exactly once, and how long a command takes, beside a loop that does the least at
 * least once (`baselines/minimal-mapper.ts`). Both are processes of their own on one broker, with topics of as many partitions, measured
 * in turn within each round.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKafkaConnection } from '@astrolabe/kafka';
import { createLogger } from '@astrolabe/service-kit';
import { startLocalStack } from '@astrolabe/testkit';
import type { BenchOptions } from '../bench-options.ts';
import type { ComparedCase } from '../comparison.ts';
import { compareLatency } from './latency.ts';
import { writeConnectorsFile } from './mapper-run.ts';
import { compareThroughput } from './throughput.ts';

/** Rejects when commands are missing, or when ours has written one that no event stands for. */
export async function runMapperBench({ rounds, seconds, env, say }: BenchOptions): Promise<ComparedCase[]> {
  await using cleanup = new AsyncDisposableStack();
  const stack = await startLocalStack({ env, log: say });
  cleanup.defer(() => stack.stop());
  const { kafkaBrokers, schemaRegistryUrl } = stack;
  const logger = createLogger({ name: 'bench', level: 'error', destination: process.stderr });
  const connection = createKafkaConnection({ brokers: kafkaBrokers.split(','), clientId: 'bench', logger });
  const folder = await mkdtemp(join(tmpdir(), 'astrolabe-bench-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const connectorsFile = await writeConnectorsFile(folder);
  const lab = { kafkaBrokers, schemaRegistryUrl, connection, logger, connectorsFile, say };
  return [await compareThroughput(lab, rounds, seconds), ...(await compareLatency(lab, rounds, seconds))];
}
