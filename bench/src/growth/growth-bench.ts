/**
 * What a mapper and a dispatcher pay for having much: users that are remembered, deliveries in the ledger, connectors,
 * partitions. Each side is a service that has grown beside one that is empty and small, measured in turn within each
 * round.
 */
import { openLab } from '../bench-lab.ts';
import type { BenchOptions } from '../bench-options.ts';
import { compareInTurns } from '../compare-in-turns.ts';
import type { ComparedCase } from '../comparison.ts';
import { openDispatcherSide } from './dispatcher-side.ts';
import { openMapperSide } from './mapper-side.ts';
import { SMALL, casesOf } from './sizes.ts';
import { growthConnectors } from './traffic.ts';

const sides = { mapper: openMapperSide, dispatcher: openDispatcherSide } as const;
const units = { mapper: 'events/s', dispatcher: 'commands/s' } as const;

/** Rejects when an event or a command of either side has not come out exactly once. */
export async function runGrowthBench(options: BenchOptions): Promise<ComparedCase[]> {
  const { rounds, seconds, say, growth } = options;
  if (growth === undefined) throw new Error('the sizes are missing');
  await using lab = await openLab(options, growthConnectors(SMALL.connectors));
  const compared: ComparedCase[] = [];
  for (const { service, name, sizes } of casesOf(growth)) {
    const open = sides[service];
    say(`${name}: filling the topics`);
    await using grown = await open(lab, sizes);
    await using small = await open(lab, SMALL);
    compared.push(
      await compareInTurns({
        name,
        unit: units[service],
        rounds,
        say,
        measure: (side) => (side === 'ours' ? grown : small).measure(seconds),
      }),
    );
    await grown.verify();
    await small.verify();
  }
  return compared;
}
