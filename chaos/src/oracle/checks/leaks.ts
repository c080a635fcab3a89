/**
 * What a process holds when it is at its quietest must not grow from one third of its life to the next. The least of
 * each third is compared: load and garbage that awaits collection come and go, and a leak stays.
 */
import type { Evidence } from '../evidence.ts';
import type { ProcessLife, UsageSample } from '../observed.ts';
import type { Finding } from '../violation.ts';

/** Caches fill, and code is compiled, in the first seconds. */
const WARM_UP_SAMPLES = 20;
/** Below this a life is too short to tell a leak from its beginning. */
const FEWEST_SAMPLES = 90;

/** What may be gained from the first third to the last without being called a leak. */
const limits = [
  { name: 'heapBytes', what: 'bytes of heap', gain: 48 * 1_048_576, factor: 1.5 },
  // V8's young generation alone grows to 128 MB under load and keeps it, whatever the heap holds at its quietest.
  { name: 'residentBytes', what: 'bytes of memory', gain: 256 * 1_048_576, factor: 1.5 },
  { name: 'openDescriptors', what: 'open descriptors', gain: 60, factor: 1.5 },
  { name: 'activeHandles', what: 'active handles', gain: 60, factor: 1.5 },
] as const satisfies readonly {
  readonly name: keyof UsageSample;
  readonly what: string;
  readonly gain: number;
  readonly factor: number;
}[];

export function* findLeaks({ observed }: Pick<Evidence, 'observed'>): Iterable<Finding> {
  for (const life of observed.lives) {
    const held = heldBy(life);
    if (held === undefined) continue;
    for (const { name, what, gain, factor } of limits) {
      const [first, second, third] = held[name];
      const isGrowing = first < second && second < third;
      if (!isGrowing || third - first <= gain || third <= first * factor) continue;
      yield leak(
        life,
        `held at least ${first} ${what} in its first third, ${second} in the next, ${third} in the last`,
      );
    }
  }
}

/** The least that was held in each third of a life. */
export type Held = Readonly<Record<(typeof limits)[number]['name'], readonly [number, number, number]>>;

/** Undefined for a life that is too short to be judged. */
export function heldBy({ usage }: Pick<ProcessLife, 'usage'>): Held | undefined {
  const samples = usage.slice(WARM_UP_SAMPLES);
  if (samples.length < FEWEST_SAMPLES - WARM_UP_SAMPLES) return undefined;
  return {
    heapBytes: leastOfThirds(samples, 'heapBytes'),
    residentBytes: leastOfThirds(samples, 'residentBytes'),
    openDescriptors: leastOfThirds(samples, 'openDescriptors'),
    activeHandles: leastOfThirds(samples, 'activeHandles'),
  };
}

function leastOfThirds(samples: readonly UsageSample[], name: keyof UsageSample): [number, number, number] {
  const third = Math.floor(samples.length / 3);
  const least = (from: number, to: number): number =>
    samples.slice(from, to).reduce((low, sample) => Math.min(low, sample[name]), Number.POSITIVE_INFINITY);
  return [least(0, third), least(third, 2 * third), least(2 * third, samples.length)];
}

function leak({ instance, life }: ProcessLife, detail: string): Finding {
  return { invariant: 'no-leak', subject: `${instance}, life ${life}`, detail };
}
