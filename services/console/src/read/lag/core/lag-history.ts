/**
 * Six hours of lag in bounded memory: a ring of snapshots, of which each holds the totals, the partitions, and the
 * connectors that have most. Pure; times are arguments.
 */

export interface LagFigures {
  readonly records: number;
  readonly behindMs: number;
  readonly inPerSecond: number | undefined;
  readonly outPerSecond: number | undefined;
}

export interface ServiceLagPoint {
  readonly service: string;
  readonly total: LagFigures;
  /** By number, which partitions have without gaps. */
  readonly partitions: readonly LagFigures[];
  readonly byConnector: ReadonlyMap<string, number>;
}

export interface LagPoint {
  readonly atMs: number;
  readonly services: readonly ServiceLagPoint[];
}

export interface LagHistoryBounds {
  readonly keptMs: number;
  /** Beyond it the oldest point goes, however young it is. */
  readonly maxPoints: number;
  /** Connectors that a point keeps of a service: those with the most records. */
  readonly maxConnectors: number;
}

export interface LagSeries {
  readonly service: string;
  readonly partition?: number | undefined;
  readonly connector?: string | undefined;
}

export interface SeriesPoint extends Partial<LagFigures> {
  readonly atMs: number;
  readonly records: number;
}

export class LagHistory {
  readonly #bounds: LagHistoryBounds;
  /** A ring: the oldest is at `#start`. */
  readonly #points: LagPoint[] = [];
  #start = 0;

  constructor(bounds: LagHistoryBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#points.length - this.#start;
  }

  /** A point whose time is not behind the last is left out: the clock was set back, and time repeats. */
  add({ atMs, services }: LagPoint): void {
    const last = this.#points.at(-1);
    if (last !== undefined && this.size > 0 && atMs <= last.atMs) return;
    const { keptMs, maxPoints, maxConnectors } = this.#bounds;
    this.#points.push({ atMs, services: services.map((each) => withMost(each, maxConnectors)) });
    while (this.size > maxPoints || (this.#points[this.#start]?.atMs ?? atMs) < atMs - keptMs) this.#start += 1;
    // Moved once for each half that is gone, so that adding costs the same on average.
    if (this.#start * 2 > this.#points.length) {
      this.#points.splice(0, this.#start);
      this.#start = 0;
    }
  }

  /** Oldest first, one for each of `maxPoints` stretches of time at most: the last of each. */
  series({ service, partition, connector }: LagSeries, maxPoints: number): readonly SeriesPoint[] {
    const kept = this.#points.slice(this.#start);
    const oldest = kept[0];
    const newest = kept.at(-1);
    if (oldest === undefined || newest === undefined) return [];
    const stretchMs = Math.max(1, Math.ceil((newest.atMs - oldest.atMs + 1) / maxPoints));
    const byStretch = new Map<number, SeriesPoint>();
    for (const { atMs, services } of kept) {
      const of = services.find((each) => each.service === service);
      if (of === undefined) continue;
      const point = figuresOf(of, partition, connector);
      if (point !== undefined) byStretch.set(Math.floor((atMs - oldest.atMs) / stretchMs), { atMs, ...point });
    }
    return [...byStretch.values()];
  }
}

/** A connector that a point does not name had fewer records than those that it names, or none: it has no point then. */
function figuresOf(
  { total, partitions, byConnector }: ServiceLagPoint,
  partition: number | undefined,
  connector: string | undefined,
): Omit<SeriesPoint, 'atMs'> | undefined {
  if (connector === undefined) return partition === undefined ? total : partitions[partition];
  const records = byConnector.get(connector);
  if (records !== undefined) return { records };
  return byConnector.size === 0 || total.records === 0 ? { records: 0 } : undefined;
}

function withMost(point: ServiceLagPoint, maxConnectors: number): ServiceLagPoint {
  if (point.byConnector.size <= maxConnectors) return point;
  const most = [...point.byConnector].toSorted(([, a], [, b]) => b - a).slice(0, maxConnectors);
  return { ...point, byConnector: new Map(most) };
}
