/**
 * Watches the services' metrics for all tabs: each instance is asked once in a few seconds, however many look. What
 * they count becomes the overview, what they show of connectors their pages. See docs/adr/0030.
 */
import type { Clock } from '@astrolabe/service-kit/clock';
import { errorMessage } from '@astrolabe/service-kit/errors';
import { pending, ready, unavailable } from '../panel.ts';
import type { ConnectorDelivery } from '../shapes/connectors.ts';
import type { WatchedInstances } from '../shapes/overview.ts';
import type { Panel } from '../shapes/values.ts';
import { readConnectors } from './core/connector-gauges.ts';
import { gaugeNames, services, wantedNames, type ServiceName } from './core/counted.ts';
import { WatchedCounts, type InstanceLook } from './core/watched-counts.ts';

export interface MetricsSource {
  /** Addresses behind a URL. */
  readonly resolve: (url: string) => Promise<readonly string[]>;
  readonly fetch: (
    url: string,
    wanted: ReadonlySet<string>,
    signal: AbortSignal,
  ) => Promise<ReadonlyMap<string, number>>;
}

export interface ServiceMetricsOptions {
  /** Base URLs of the services' admin addresses, in any order; `CONSOLE_SERVICE_URLS`. */
  readonly urls: readonly string[];
  readonly source: MetricsSource;
  readonly clock: Clock;
  readonly intervalMs: number;
}

type InstanceState =
  | {
      readonly kind: 'watched';
      readonly service: ServiceName;
      readonly version: string | undefined;
      readonly samples: ReadonlyMap<string, number>;
    }
  | { readonly kind: 'away'; readonly service: ServiceName | undefined; readonly message: string };

const NOT_CONFIGURED =
  'CONSOLE_SERVICE_URLS is not set, so the console cannot ask the services what they count; set it to their admin addresses';

export class ServiceMetrics {
  readonly counts = new WatchedCounts();
  readonly #options: ServiceMetricsOptions;
  readonly #instances = new Map<string, InstanceState>();
  /** By URL. */
  readonly #addresses = new Map<string, readonly string[]>();
  readonly #closing = new AbortController();
  readonly #watching: Promise<void>;
  readonly #startedAtMs: number;
  #lookedAtMs: number | undefined;
  #connectors: ReadonlyMap<string, ConnectorDelivery> = new Map();

  constructor(options: ServiceMetricsOptions) {
    this.#options = options;
    this.#startedAtMs = options.clock.nowMs();
    this.#watching = options.urls.length === 0 ? Promise.resolve() : this.#watch(this.#closing.signal);
  }

  /** Why nothing of the services can be told now; undefined where something can. */
  trouble(): Extract<Panel<never>, { kind: 'pending' | 'unavailable' }> | undefined {
    if (this.#options.urls.length === 0) return { kind: 'unavailable', message: NOT_CONFIGURED };
    if (this.#lookedAtMs === undefined) return { kind: 'pending', message: 'the services are being asked' };
    const states = [...this.#instances.entries()];
    if (states.some(([, { kind }]) => kind === 'watched')) return undefined;
    const reasons = states.map(([url, state]) => `${url}: ${state.kind === 'away' ? state.message : ''}`);
    return {
      kind: 'unavailable',
      message: `no service answers (${reasons.join('; ')}); check that they run, and CONSOLE_SERVICE_URLS`,
    };
  }

  instances(): Panel<WatchedInstances> {
    if (this.#options.urls.length === 0) return unavailable(new Error(NOT_CONFIGURED));
    if (this.#lookedAtMs === undefined) return pending('the services are being asked');
    const instances = [...this.#instances].map(([url, state]) => ({
      service: state.service ?? 'unknown',
      url,
      state: state.kind,
      version: state.kind === 'watched' ? state.version : undefined,
      message: state.kind === 'away' ? state.message : undefined,
    }));
    return ready({ instances: instances.toSorted((a, b) => order(a.service) - order(b.service)) }, this.#lookedAtMs);
  }

  /** Of the connectors that the dispatchers have called for; by id. */
  connectors(): Panel<ReadonlyMap<string, ConnectorDelivery>> {
    const trouble = this.trouble();
    if (trouble !== undefined) return trouble;
    const isSeen = [...this.#instances.values()].some(
      ({ kind, service }) => kind === 'watched' && service === 'dispatcher',
    );
    if (!isSeen) {
      return unavailable(
        new Error('no dispatcher answers; check that it runs, and that CONSOLE_SERVICE_URLS names it'),
      );
    }
    return ready(this.#connectors, this.#lookedAtMs ?? 0);
  }

  /** Of which counts are missing from now on, in words. */
  awayReasons(): readonly string[] {
    const unseen = this.counts.unseenServices().map((service) => `no ${service} is watched`);
    const away = [...this.#instances].flatMap(([url, state]) =>
      state.kind === 'away' ? [`${state.service ?? 'an instance'} at ${url} does not answer`] : [],
    );
    return [...unseen, ...away];
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the console stops'));
    await this.#watching;
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { clock, intervalMs } = this.#options;
    while (!signal.aborted) {
      await this.#look(signal);
      await clock.sleep(intervalMs, signal).catch(() => undefined);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { clock, urls } = this.#options;
    const before = [...this.#instances.keys()];
    const addresses = new Set((await Promise.all(urls.map((url) => this.#addressesOf(url)))).flat());
    const found = await Promise.all([...addresses].map((address) => this.#lookAt(address, signal)));
    if (signal.aborted) return;
    const gone = before.filter((address) => !addresses.has(address));
    for (const address of gone) this.#instances.delete(address);
    const looks = found.filter((look) => look !== undefined);
    this.#lookedAtMs = clock.nowMs();
    this.counts.add(this.#lookedAtMs, looks, { watchedSinceMs: this.#startedAtMs, gone });
    const dispatchers = [...this.#instances.values()].flatMap((state) =>
      state.kind === 'watched' && state.service === 'dispatcher' ? [state.samples] : [],
    );
    this.#connectors = readConnectors(dispatchers);
  }

  /** Where the name cannot be looked up, those that it had; before it had any, the URL as it is. */
  async #addressesOf(url: string): Promise<readonly string[]> {
    try {
      const addresses = await this.#options.source.resolve(url);
      this.#addresses.set(url, addresses);
      return addresses;
    } catch {
      return this.#addresses.get(url) ?? [url];
    }
  }

  async #lookAt(url: string, signal: AbortSignal): Promise<InstanceLook | undefined> {
    try {
      const samples = await this.#options.source.fetch(url, wantedNames, signal);
      const { service, version } = readInfo(samples);
      if (service === undefined) throw new Error('it is none of the services');
      this.#instances.set(url, { kind: 'watched', service, version, samples: onlyGauges(samples) });
      const startedAtMs = (samples.get('process_start_time_seconds') ?? 0) * 1_000;
      return { url, service, scrape: { startedAtMs, counters: onlyCounters(samples) } };
    } catch (error) {
      const service = this.#instances.get(url)?.service;
      this.#instances.set(url, { kind: 'away', service, message: errorMessage(error) });
      return undefined;
    }
  }
}

function readInfo(samples: ReadonlyMap<string, number>) {
  for (const series of samples.keys()) {
    const service = services.find((each) => series.startsWith(`${each}_build_info`));
    if (service !== undefined) return { service, version: /version="([^"]*)"/.exec(series)?.[1] };
  }
  return { service: undefined, version: undefined };
}

const gauges: ReadonlySet<string> = new Set(gaugeNames);

function onlyGauges(samples: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  return new Map([...samples].filter(([series]) => gauges.has(nameOf(series))));
}

function onlyCounters(samples: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  return new Map([...samples].filter(([series]) => /_total$|_seconds_(bucket|sum|count)$/.test(nameOf(series))));
}

function nameOf(series: string): string {
  return series.split('{', 1)[0] ?? '';
}

function order(service: string): number {
  const index = services.findIndex((each) => each === service);
  return index < 0 ? services.length : index;
}
