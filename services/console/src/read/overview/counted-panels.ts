/** The parts of the overview that are made of what the services count. */
import { ready } from '../panel.ts';
import { toInstant } from '../panel.ts';
import type { ServiceMetrics } from '../metrics/service-metrics.ts';
import type {
  ComparedFunnel,
  Exactness,
  Freshness,
  Period,
  Throughput,
  TroubledConnectors,
} from '../shapes/overview.ts';
import type { Panel } from '../shapes/values.ts';
import { toFreshness, toFunnel } from './core/funnel.ts';

const MINUTE_MS = 60_000;

export const periodMs: Readonly<Record<Period, number>> = {
  '5m': 5 * MINUTE_MS,
  '1h': 60 * MINUTE_MS,
  '24h': 24 * 60 * MINUTE_MS,
};

/** A chart has as many. */
const POINTS = 60;
/** Looks are seconds apart, and older ones a minute. */
const SLACK_MS = 65_000;

export interface CountedPanels {
  readonly funnel: Panel<ComparedFunnel>;
  readonly freshness: Panel<Freshness>;
  readonly throughput: Panel<Throughput>;
  readonly connectors: Panel<TroubledConnectors>;
}

export function countedPanels(metrics: ServiceMetrics, period: Period, nowMs: number): CountedPanels {
  const connectors = troubled(metrics);
  const trouble = metrics.trouble();
  if (trouble !== undefined) return { funnel: trouble, freshness: trouble, throughput: trouble, connectors };
  const { counts } = metrics;
  const lengthMs = periodMs[period];
  const counted = counts.period(nowMs - lengthMs, nowMs);
  const { firstAtMs } = counts;
  if (counted === undefined || firstAtMs === undefined) {
    const pending = {
      kind: 'pending',
      message: 'the services have been asked once; counts begin with the next answer',
    };
    const each = { ...pending, kind: 'pending' as const };
    return { funnel: each, freshness: each, throughput: each, connectors };
  }
  const isBeforeWatched = firstAtMs <= counted.fromMs - lengthMs + SLACK_MS;
  const before = isBeforeWatched ? counts.period(counted.fromMs - lengthMs, counted.fromMs) : undefined;
  const value: ComparedFunnel = {
    now: toFunnel(counted),
    exactness: exactnessOf(metrics, nowMs - lengthMs),
    ...(before === undefined ? {} : { before: toFunnel(before) }),
    watchedSince: toInstant(firstAtMs),
  };
  return {
    funnel: ready(value, counted.toMs),
    freshness: ready(toFreshness(counted), counted.toMs),
    throughput: ready(throughputOf(metrics, nowMs - lengthMs, nowMs), counted.toMs),
    connectors,
  };
}

function exactnessOf(metrics: ServiceMetrics, fromMs: number): Exactness {
  const { firstAtMs = 0 } = metrics.counts;
  const reasons = [
    ...(firstAtMs > fromMs + SLACK_MS ? [`the console has watched since ${toInstant(firstAtMs)} only`] : []),
    ...metrics.awayReasons(),
    ...metrics.counts.lossesSince(fromMs).map(({ reason }) => reason),
  ];
  return reasons.length === 0 ? { kind: 'exact' } : { kind: 'at-least', reasons: [...new Set(reasons)] };
}

function throughputOf({ counts }: ServiceMetrics, fromMs: number, toMs: number): Throughput {
  const rates = (from: number, to: number) => {
    const counted = counts.period(from, to);
    if (counted === undefined) return undefined;
    const seconds = (counted.toMs - counted.fromMs) / 1_000;
    const of = (name: string): number => (counted.counts.get(name) ?? 0) / seconds;
    const receivedPerSecond = of('received');
    return { toMs: counted.toMs, receivedPerSecond, deliveredPerSecond: of('delivered') };
  };
  const stepMs = (toMs - fromMs) / POINTS;
  const points: Throughput['points'] = [];
  const firstMs = Math.max(fromMs, counts.firstAtMs ?? toMs);
  for (let from = fromMs; from + stepMs <= toMs + 1; from += stepMs) {
    if (from + stepMs < firstMs) continue;
    const point = rates(from, from + stepMs);
    if (point === undefined) continue;
    const { toMs: atMs, ...values } = point;
    points.push({ at: toInstant(atMs), ...values });
  }
  const whole = rates(fromMs, toMs) ?? { receivedPerSecond: 0, deliveredPerSecond: 0 };
  return { receivedPerSecond: whole.receivedPerSecond, deliveredPerSecond: whole.deliveredPerSecond, points };
}

function troubled(metrics: ServiceMetrics): Panel<TroubledConnectors> {
  const panel = metrics.connectors();
  if (panel.kind !== 'ready') return { kind: panel.kind, message: panel.message };
  const all = [...panel.value.values()];
  return {
    ...panel,
    value: {
      halted: all.filter(({ isHalted }) => isHalted).map(({ connector }) => connector),
      failing: all
        .filter(({ isHalted, circuit }) => !isHalted && circuit !== 'closed')
        .map(({ connector }) => connector),
      lagging: all.flatMap(({ connector, lag }) => (lag === undefined ? [] : [{ connector, ...lag }])),
    },
  };
}
