/**
 * How many events a second one mapper turns into commands exactly once, and how long a command takes, beside a loop
 * that does the least at least once (`baselines/minimal-mapper.ts`). Both are processes of their own on one broker,
 * with topics of as many partitions, measured in turn within each round.
 */
import { openLab } from '../bench-lab.ts';
import type { BenchOptions } from '../bench-options.ts';
import type { ComparedCase } from '../comparison.ts';
import { connectors } from './events.ts';
import { compareLatency } from './latency.ts';
import { compareThroughput } from './throughput.ts';

/** Rejects when commands are missing, or when ours has written one that no event stands for. */
export async function runMapperBench(options: BenchOptions): Promise<ComparedCase[]> {
  const { rounds, seconds } = options;
  await using lab = await openLab(options, connectors);
  return [await compareThroughput(lab, rounds, seconds), ...(await compareLatency(lab, rounds, seconds))];
}
