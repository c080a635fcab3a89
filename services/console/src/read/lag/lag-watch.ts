/** The one lag watcher of the console: what all tabs are shown, and the history of six hours. */
import { watchLag, type LagSnapshot, type ServiceGroups } from '@astrolabe/operations';
import type { Clock } from '@astrolabe/service-kit/clock';
import { mapPanel, pending, ready, toInstant, unavailable } from '../panel.ts';
import type { LagHistoryAnswer, LagValue } from '../shapes/lag.ts';
import type { Panel } from '../shapes/values.ts';
import type { ClusterSource } from '../sources/cluster-source.ts';
import { persist } from '../sources/persist.ts';
import { LagHistory, type LagSeries } from './core/lag-history.ts';
import { toLagPoint, toLagValue } from './core/lag-view.ts';

export interface LagWatchOptions {
  readonly clusters: ClusterSource;
  readonly groups: ServiceGroups;
  readonly clock: Clock;
  readonly random: () => number;
  /** For the log: it is told to tabs as well, and tried again. */
  readonly onFailure: (error: unknown) => void;
  readonly intervalMs: number;
}

const HOUR_MS = 3_600_000;
const KEPT_HOURS = 6;
const MAX_POINTS = 5_000;
const MAX_CONNECTORS = 20;
/** A snapshot that is late by more is not called the present any more. */
const STALE_INTERVALS = 4;
/** Of an answer: a chart is not wider. */
const SERIES_POINTS = 360;

export class LagWatch {
  readonly #history = new LagHistory({
    keptMs: KEPT_HOURS * HOUR_MS,
    maxPoints: MAX_POINTS,
    maxConnectors: MAX_CONNECTORS,
  });
  readonly #options: LagWatchOptions;
  readonly #closing = new AbortController();
  readonly #watching: Promise<void>;
  #last: { readonly value: LagValue; readonly atMs: number; readonly takenMs: number } | undefined;
  #failure: unknown;

  constructor(options: LagWatchOptions) {
    this.#options = options;
    const { clock, random } = options;
    const { signal } = this.#closing;
    const onFailure = (error: unknown): void => {
      this.#failure = error;
      options.onFailure(error);
    };
    this.#watching = persist(() => this.#watch(signal), { clock, random, signal, onFailure });
  }

  /** What the last snapshot had; never waits for the brokers. */
  lag(): Panel<LagValue> {
    if (this.#failure !== undefined) return unavailable(this.#failure, this.#last);
    if (this.#last !== undefined) {
      const { clock, intervalMs } = this.#options;
      const ageMs = clock.monotonicMs() - this.#last.takenMs;
      if (ageMs <= intervalMs * STALE_INTERVALS) return ready(this.#last.value, this.#last.atMs);
      const message = `the brokers have not answered for ${Math.round(ageMs / 1_000)} s; what they last told is shown`;
      return unavailable(new Error(message), this.#last);
    }
    return pending('lag is measured over a few seconds; the first figures come then');
  }

  /** What the services have not read of a connector; 0 where the first unread records have none of it. */
  unreadOf(connector: string): Panel<{ services: { service: string; records: number }[] }> {
    return mapPanel(this.lag(), ({ services }) => ({
      services: services.map(({ service, connectors }) => ({
        service,
        records: connectors.find((each) => each.connector === connector)?.records ?? 0,
      })),
    }));
  }

  history(series: LagSeries): LagHistoryAnswer {
    const points = this.#history.series(series, SERIES_POINTS).map(({ atMs, records, behindMs, ...rates }) => ({
      at: toInstant(atMs),
      records,
      behindSeconds: behindMs === undefined ? undefined : behindMs / 1_000,
      inPerSecond: rates.inPerSecond,
      outPerSecond: rates.outPerSecond,
    }));
    const lag = this.lag();
    return {
      ...series,
      points,
      keptHours: KEPT_HOURS,
      ...(lag.kind === 'unavailable' ? { unavailable: lag.message } : {}),
    };
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the console stops'));
    await this.#watching;
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { clusters, groups, clock, intervalMs } = this.#options;
    const cluster = await clusters.get();
    // Not by connector: that reads 20,000 offsets of each partition that lags, at each interval.
    for await (const snapshot of watchLag({ cluster, groups, clock, signal, intervalMs, byConnector: false })) {
      this.#take(snapshot);
    }
  }

  #take(snapshot: LagSnapshot): void {
    this.#failure = undefined;
    this.#last = { value: toLagValue(snapshot), atMs: snapshot.atMs, takenMs: this.#options.clock.monotonicMs() };
    this.#history.add(toLagPoint(snapshot));
  }
}
