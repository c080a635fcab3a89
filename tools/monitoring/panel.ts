/** What a dashboard shows, apart from Grafana's form of it. */

export interface Query {
  readonly expr: string;
  readonly legend: string;
}

export interface Panel {
  readonly kind: 'graph' | 'number';
  readonly title: string;
  /** What to make of it. */
  readonly description: string;
  /** Grafana's id of a unit. */
  readonly unit: 'short' | 's' | 'bytes' | 'Bps' | 'cps' | 'percentunit' | 'none';
  readonly queries: readonly Query[];
}

/** Panels share the width. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** The installations that are chosen. */
export const HERE = 'namespace=~"$namespace"';

/** 0 where there is no series: before the first count of a label, or while nobody lags. */
export function orZero(expr: string): string {
  return `${expr} or on() vector(0)`;
}

export function total(expr: string, legend: string): Query {
  return { expr: orZero(`sum(${expr})`), legend };
}

/** A quantile of what was observed lately: 0 where that is nothing, for which Prometheus has "not a number". */
export function quantile(share: number, metric: string, legend: string, labels = HERE): Query {
  const buckets = `sum by (le) (rate(${metric}_bucket{${labels}}[$__rate_interval]))`;
  return { expr: orZero(`(histogram_quantile(${share}, ${buckets}) >= 0)`), legend };
}
