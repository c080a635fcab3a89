/**
 * How many commands a second one dispatcher carries out with every guarantee on, beside loops that give none
 * (`baselines/`), at several delays of the API; and what bulk calls gain. All are processes of their own on one broker,
 * measured in turn within each round.
 */
import { openLab } from '../bench-lab.ts';
import type { BenchOptions } from '../bench-options.ts';
import type { ComparedCase } from '../comparison.ts';
import { connectorId } from './commands.ts';
import { compareThroughput, type DispatcherCase } from './throughput.ts';

const cases: readonly DispatcherCase[] = [
  beside('bare', 'delay-0', 0, 24_000, 29_000),
  beside('bare', 'delay-20', 20, 11_000, 11_000),
  beside('bare', 'delay-200', 200, 1_200, 1_200),
  beside('each-message', 'each-message-20', 20, 10_000, 45),
  {
    name: 'bulk-0',
    delayMs: 0,
    ours: { contender: 'bulk', commandsPerSecond: 65_000 },
    baseline: { contender: 'single', commandsPerSecond: 24_000 },
  },
  {
    name: 'bulk-20',
    delayMs: 20,
    ours: { contender: 'bulk', commandsPerSecond: 50_000 },
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
export async function runDispatcherBench(options: BenchOptions): Promise<ComparedCase[]> {
  await using lab = await openLab(options, [{ id: connectorId, name: 'Bench', apiKey: 'bench' }]);
  const compared: ComparedCase[] = [];
  for (const each of cases) compared.push(await compareThroughput(each, lab, options));
  return compared;
}
