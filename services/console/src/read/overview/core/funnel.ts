/** What the services counted in a period, as the overview shows it. Pure. */
import { toInstant } from '../../panel.ts';
import type { CountedPeriod } from '../../metrics/core/counter-history.ts';
import type { Freshness, Funnel } from '../../shapes/overview.ts';

export function toFunnel({ fromMs, toMs, counts }: CountedPeriod): Funnel {
  const skippedBy = partsOf(counts, 'skipped:');
  const unmapped = partsOf(counts, 'unmapped:');
  const dead = partsOf(counts, 'dead:');
  const of = (name: string): number => counts.get(name) ?? 0;
  return {
    from: toInstant(fromMs),
    to: toInstant(toMs),
    events: {
      received: of('received'),
      rejected: of('rejected'),
      skipped: sum(skippedBy),
      skippedBy,
      dead: sum(unmapped),
      deadBy: unmapped,
      mapped: of('mapped'),
    },
    commands: {
      made: of('made'),
      delivered: of('delivered'),
      duplicate: of('duplicate'),
      dead: sum(dead),
      deadBy: dead,
    },
  };
}

const WITHIN = 'fresh-within:';

/**
 * From the classes of a histogram: a quantile is the upper bound of its class, absent where the longest class has no
 * bound.
 */
export function toFreshness({ counts }: CountedPeriod): Freshness {
  const deliveries = counts.get('fresh-count') ?? 0;
  if (deliveries === 0) return { deliveries };
  const classes = [...counts]
    .filter(([name]) => name.startsWith(WITHIN))
    .map(([name, count]) => ({ seconds: Number(name.slice(WITHIN.length)), count }))
    .filter(({ seconds }) => Number.isFinite(seconds))
    .toSorted((a, b) => a.seconds - b.seconds);
  const quantile = (share: number): number | undefined =>
    classes.find(({ count }) => count >= deliveries * share)?.seconds;
  return {
    deliveries,
    meanSeconds: (counts.get('fresh-sum') ?? 0) / deliveries,
    p50AtMostSeconds: quantile(0.5),
    p95AtMostSeconds: quantile(0.95),
    p99AtMostSeconds: quantile(0.99),
  };
}

function partsOf(counts: ReadonlyMap<string, number>, prefix: string): { reason: string; count: number }[] {
  return [...counts]
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, count]) => ({ reason: name.slice(prefix.length), count }))
    .toSorted((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
}

function sum(parts: readonly { readonly count: number }[]): number {
  return parts.reduce((total, { count }) => total + count, 0);
}
