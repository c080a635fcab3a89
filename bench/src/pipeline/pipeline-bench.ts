/**
 * The whole way, from ingest's HTTP to the API's acknowledgement, beside the simplest pipeline that does the same
 * (`baselines/` put together). All services are processes of their own on one broker, measured in turn within each
 * round.
 */
import { createBenchConnector, openLab, type BenchLab } from '../bench-lab.ts';
import type { BenchOptions } from '../bench-options.ts';
import { compareInTurns, sidesOf, type SideName } from '../compare-in-turns.ts';
import type { ComparedCase } from '../comparison.ts';
import { measureFirstSync, type FirstSync } from './first-sync.ts';
import { measureLife, type Life } from './freshness.ts';
import type { PipelineSample } from './pipeline-sample.ts';

/** What is measured, and how much of it. */
export interface PipelinePlan {
  readonly syncs: readonly (Omit<FirstSync, 'writeKey'> & { readonly name: string })[];
  /** Undefined: not measured. */
  readonly life: Omit<Life, 'writeKey'> | undefined;
}

/** Rejects when an event of ours did not reach the API exactly once, or out of the order of its user. */
export async function runPipelineBench(
  options: BenchOptions,
  plan: PipelinePlan,
): Promise<ComparedCase<PipelineSample>[]> {
  const connector = createBenchConnector();
  const { apiKey: writeKey } = connector;
  await using lab = await openLab(options, [connector]);
  const { rounds, say } = options;
  const cases: ComparedCase<PipelineSample>[] = [];
  for (const { name, ...sync } of plan.syncs) {
    const measure = (side: SideName): Promise<PipelineSample> => measureFirstSync(side, lab, { ...sync, writeKey });
    cases.push(await compareInTurns({ name, unit: 'events/s', rounds, say, measure }));
  }
  if (plan.life !== undefined) cases.push(...(await compareLives(lab, rounds, { ...plan.life, writeKey })));
  return cases;
}

async function compareLives(lab: BenchLab, rounds: number, life: Life): Promise<ComparedCase<PipelineSample>[]> {
  const samples = new Map<string, Record<SideName, PipelineSample[]>>();
  for (let round = 0; round < rounds; round += 1) {
    for (const side of sidesOf(round)) {
      const measured = await measureLife(side, lab, life);
      for (const [name, sample] of measured) {
        const known = samples.get(name) ?? { ours: [], baseline: [] };
        known[side].push(sample);
        samples.set(name, known);
      }
      const texts = [...measured].map(([name, { p50Ms, p99Ms }]) => `${name} ${p50Ms.toFixed(1)}/${p99Ms.toFixed(1)}`);
      lab.say(`live, round ${round + 1} of ${rounds}, ${side}: p50/p99 in ms: ${texts.join(', ')}`);
    }
  }
  return [...samples].map(([name, sides]) => ({ case: name, unit: 'events/s', compared: 'p99Ms', ...sides }));
}
