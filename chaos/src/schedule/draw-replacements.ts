/**
 * Draws when which instance is replaced by the other revision. Pure: the same seed and length give the same plan, and
 * what else is broken stays as the seed draws it.
 */
import { createDraw, type Draw } from '@astrolabe/testkit';
import { services, type Disturbance, type DisturbedService, type InstanceName, type Side } from './disturbance.ts';
import { disturbedUntilMs, QUIET_MS, sparingFromMs } from './phases.ts';

/** Beyond the seeds that people use. */
const REPLACEMENT_SEEDS = 2_000_000_011;
const MEAN_ROUND_MS = 60_000;
/** The first upgrade, and each going back with the upgrade after it, have these many slots of time. */
const FIRST_SLOTS = 2;
const ROUND_SLOTS = 4;
/** Of a slot; the rest is for the instance to come back. */
const DRAWN_SHARE = 1 / 3;

/**
 * In the order of their times. Every service goes to the new revision, one instance after the other, back with one or
 * both, and to the new one again, as often as there is time, once at least. All of them are new at the end.
 */
export function drawReplacements({
  seed,
  minutes,
}: {
  readonly seed: number;
  readonly minutes: number;
}): readonly Disturbance[] {
  const draw = createDraw(seed + REPLACEMENT_SEEDS);
  return services
    .flatMap((service) => drawForService(service, minutes, draw))
    .toSorted((one, other) => one.atMs - other.atMs);
}

function drawForService(service: DisturbedService, minutes: number, draw: Draw): readonly Disturbance[] {
  const untilMs = disturbedUntilMs(minutes);
  const rounds = Math.max(1, Math.round((untilMs - QUIET_MS) / MEAN_ROUND_MS));
  // One slot more, by which the services are apart: each meets every mixture of the others.
  const slotMs = (untilMs - QUIET_MS) / (FIRST_SLOTS + rounds * ROUND_SLOTS + 1);
  const fromMs = QUIET_MS + draw.below(slotMs);
  const both = [`${service}-1`, `${service}-2`] as const satisfies readonly InstanceName[];
  const plan: Disturbance[] = [];
  const replace = (targets: readonly InstanceName[], by: Side, firstSlot: number): void => {
    for (const [index, target] of targets.entries()) {
      const atMs = Math.floor(fromMs + (firstSlot + index) * slotMs + draw.below(slotMs * DRAWN_SHARE));
      plan.push({ kind: 'replace', target, by, atMs, forMs: 1_000 });
    }
  };
  replace(draw.shuffled(both), 'new', 0);
  for (let round = 0; round < rounds; round += 1) {
    const firstSlot = FIRST_SLOTS + round * ROUND_SLOTS;
    const isSparing = fromMs + (firstSlot + ROUND_SLOTS) * slotMs > sparingFromMs(minutes);
    const targets = isSparing ? [both[1]] : draw.shuffled(both).slice(0, 1 + draw.below(2));
    replace(targets, 'old', firstSlot);
    replace(draw.shuffled(targets), 'new', firstSlot + ROUND_SLOTS / 2);
  }
  return plan;
}
