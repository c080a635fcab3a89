/** How long instances of both revisions of a service worked at the same time. Pure. */
import type { LifeSpan } from './life-span.ts';

interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
}

/** `spans`: of one service. `untilMs`: the end of those that still run, epoch milliseconds. */
export function sideBySideMs(spans: readonly LifeSpan[], untilMs: number): number {
  const ofSide = (side: LifeSpan['side']): Interval[] => united(spans.flatMap((span) => workOf(span, side, untilMs)));
  const old = ofSide('old');
  return ofSide('new').reduce((sum, one) => sum + old.reduce((own, other) => own + overlapMs(one, other), 0), 0);
}

function workOf({ side, workedFromMs, endedAtMs }: LifeSpan, wanted: LifeSpan['side'], untilMs: number): Interval[] {
  if (side !== wanted || workedFromMs === undefined) return [];
  return [{ fromMs: workedFromMs, toMs: Math.min(endedAtMs ?? untilMs, untilMs) }];
}

/** Without overlaps: two instances of one side count once. */
function united(intervals: readonly Interval[]): Interval[] {
  const apart: Interval[] = [];
  for (const next of intervals.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = apart.at(-1);
    if (last === undefined || next.fromMs > last.toMs) apart.push(next);
    else apart[apart.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, next.toMs) };
  }
  return apart;
}

function overlapMs(one: Interval, other: Interval): number {
  return Math.max(0, Math.min(one.toMs, other.toMs) - Math.max(one.fromMs, other.fromMs));
}
