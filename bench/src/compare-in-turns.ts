/** Measures two sides in turn, round by round, and says each round's figures. */
import type { Compared, ComparedCase, Sample } from './comparison.ts';

export type SideName = 'ours' | 'baseline';

/** Both sides, in the order of this round: the second to run finds a warmer machine, so they take turns at that. */
export function sidesOf(round: number): readonly SideName[] {
  return round % 2 === 0 ? ['ours', 'baseline'] : ['baseline', 'ours'];
}

export interface Rounds<S extends Sample> {
  readonly name: string;
  readonly unit: string;
  /** Default: the rate. */
  readonly compared?: Compared;
  readonly rounds: number;
  readonly say: (line: string) => void;
  readonly measure: (side: SideName) => Promise<S>;
}

export async function compareInTurns<S extends Sample>(options: Rounds<S>): Promise<ComparedCase<S>> {
  const { name, unit, compared = 'perSecond', rounds, say, measure } = options;
  const samples: Record<SideName, S[]> = { ours: [], baseline: [] };
  const [things] = unit.split('/');
  const toText = ({ perSecond, cpuUsPerUnit, p50Ms, p99Ms }: Sample): string =>
    compared === 'p99Ms'
      ? `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`
      : `${Math.round(perSecond)} ${things}/s at ${cpuUsPerUnit.toFixed(1)} µs of CPU each`;
  for (let round = 0; round < rounds; round += 1) {
    for (const side of sidesOf(round)) samples[side].push(await measure(side));
    const [own, other] = [samples.ours.at(-1), samples.baseline.at(-1)];
    if (own === undefined || other === undefined) throw new Error('a round without samples');
    const ratio = (own[compared] / other[compared]).toFixed(2);
    say(`${name}, round ${round + 1} of ${rounds}: ours ${toText(own)}, baseline ${toText(other)}; ratio ${ratio}`);
  }
  return { case: name, unit, compared, ...samples };
}
