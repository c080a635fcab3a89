/** What all watched instances have counted, and what may be missing from it. Pure; times are arguments. */
import { countedAs, rateNames, services, type Counted, type ServiceName } from './counted.ts';
import { CounterHistory, type CountedPeriod } from './counter-history.ts';
import { InstanceCounters, type Scrape } from './instance-counters.ts';
import { RateWindow, type WindowCounts } from './rate-window.ts';

/** One look at one instance. */
export interface InstanceLook {
  readonly url: string;
  readonly service: ServiceName;
  readonly scrape: Scrape;
}

/** Something by which counts may be too low from a moment on. */
export interface Loss {
  readonly atMs: number;
  readonly reason: string;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const RATES_MS = 5 * MINUTE_MS;
const MAX_LOSSES = 200;

export class WatchedCounts {
  readonly #history = new CounterHistory({ keptMs: 48 * HOUR_MS, fineMs: 11 * MINUTE_MS, coarseMs: MINUTE_MS });
  readonly #rates = new RateWindow(RATES_MS);
  readonly #instances = new Map<string, { readonly counters: InstanceCounters; readonly service: ServiceName }>();
  /** By series: a dispatcher has tens of thousands, and each is the same at each look. */
  readonly #series = new Map<string, Counted | undefined>();
  #losses: Loss[] = [];

  /** `watchedSinceMs`: since when each URL is looked at. `gone`: instances that their URL does not name any more. */
  add(
    atMs: number,
    looks: readonly InstanceLook[],
    { watchedSinceMs, gone }: { readonly watchedSinceMs: number; readonly gone: readonly string[] },
  ): void {
    const totals = new Map<string, number>();
    const rates = new Map<string, number[]>();
    for (const { url, service, scrape } of looks) {
      const known = this.#instances.get(url) ?? { counters: new InstanceCounters(), service };
      this.#instances.set(url, known);
      const { kind, increases } = known.counters.grow(scrape, watchedSinceMs);
      if (kind === 'ended')
        this.#lose(atMs, `${service} at ${url} was started again: its last seconds are not counted`);
      for (const [series, increase] of increases) this.#count(series, increase, totals, rates);
    }
    for (const url of gone) {
      const instance = this.#instances.get(url);
      if (instance === undefined) continue;
      this.#instances.delete(url);
      this.#lose(atMs, `${instance.service} at ${url} has ended: its last seconds are not counted`);
    }
    if ((totals.get('unanswered') ?? 0) > 0) {
      this.#lose(atMs, 'the brokers did not answer transactions of the mapper: their events may not be counted');
    }
    this.#history.add(atMs, totals);
    this.#rates.add(atMs, rates);
  }

  get firstAtMs(): number | undefined {
    return this.#history.firstAtMs;
  }

  period(fromMs: number, toMs: number): CountedPeriod | undefined {
    return this.#history.period(fromMs, toMs);
  }

  rates(): WindowCounts | undefined {
    return this.#rates.counts();
  }

  lossesSince(fromMs: number): readonly Loss[] {
    return this.#losses.filter(({ atMs }) => atMs > fromMs);
  }

  /** Of which no instance was ever seen. */
  unseenServices(): readonly ServiceName[] {
    const seen = new Set([...this.#instances.values()].map(({ service }) => service));
    return services.filter((service) => !seen.has(service));
  }

  #lose(atMs: number, reason: string): void {
    this.#losses = [...this.#losses, { atMs, reason }].slice(-MAX_LOSSES);
  }

  #count(series: string, increase: number, totals: Map<string, number>, rates: Map<string, number[]>): void {
    if (!this.#series.has(series)) this.#series.set(series, countedAs(series));
    const counted = this.#series.get(series);
    if (counted === undefined) return;
    for (const name of counted.names) totals.set(name, (totals.get(name) ?? 0) + increase);
    if (counted.connector === undefined || counted.rates.length === 0) return;
    const own = rates.get(counted.connector) ?? rateNames.map(() => 0);
    for (const name of counted.rates) {
      const index = rateNames.indexOf(name);
      own[index] = (own[index] ?? 0) + increase;
    }
    rates.set(counted.connector, own);
  }
}
