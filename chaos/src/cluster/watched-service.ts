/**
 * A service as a platform runs it, started again whenever it ends, and what is seen of each of its lives: metrics,
 * usage, errors.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SupervisedService, type Life } from '@astrolabe/local-pipeline';
import { eventually, parsePrometheusText, sumOf } from '@astrolabe/testkit';
import type { MetricSample, ProcessLife, ServiceName, UsageSample } from '../oracle/observed.ts';
import type { Side } from '../schedule/disturbance.ts';
import { lastFaultIn } from '../upgrade/last-fault.ts';
import type { LifeSpan } from '../upgrade/life-span.ts';
import { ownedPartitions } from './owned-partitions.ts';

/** Where the sources of a revision are. */
export interface Sources {
  readonly side: Side;
  /** The root of its tree; ends in a slash. */
  readonly folder: URL;
}

export interface WatchedServiceOptions {
  readonly service: ServiceName;
  /** Of its first life. */
  readonly sources: Sources;
  /** `mapper-2`. */
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  /** Every line of output. */
  readonly onLine: (line: string) => void;
}

const RESTART_PAUSE_MS = 500;
const LOOK_INTERVAL_MS = 2_000;
const LOOK_TIMEOUT_MS = 1_500;
const STOP_TIMEOUT_MS = 25_000;
const ERROR_LEVEL = 50;
const MAX_ERRORS = 200;

interface SeenLife {
  readonly side: Side;
  /** When a look showed partitions for the first time, epoch milliseconds. */
  hadPartitionsAtMs: number | undefined;
  metrics: readonly MetricSample[];
  readonly usage: UsageSample[];
  readonly errors: string[];
}

export class WatchedService {
  readonly service: ServiceName;
  readonly #supervised: SupervisedService;
  /** By the number of the life. */
  readonly #seen = new Map<number, SeenLife>();
  readonly #closing = new AbortController();
  readonly #looking: Promise<void>;
  /** Of the next life. */
  #sources: Sources;

  /** Begins the first life. */
  constructor({ service, name, env, sources, onLine }: WatchedServiceOptions) {
    this.service = service;
    this.#sources = sources;
    this.#supervised = new SupervisedService({
      name,
      entry: (life) => {
        const { side, folder } = this.#sources;
        this.#seen.set(life, { side, hadPartitionsAtMs: undefined, metrics: [], usage: [], errors: [] });
        return new URL(`services/${service}/src/main.ts`, folder);
      },
      env,
      restartPauseMs: RESTART_PAUSE_MS,
      stopTimeoutMs: STOP_TIMEOUT_MS,
      onLine: (line, life) => {
        onLine(line);
        if (isErrorLine(line)) pushError(this.#seenOf(life), line);
      },
    });
    // One that cannot be started does not come to serve, which is waited for.
    this.#supervised.launch().catch(() => undefined);
    this.#looking = this.#lookAgainAndAgain();
  }

  get name(): string {
    return this.#supervised.name;
  }

  /** Resolves once a life serves that began after this call or serves now. */
  whenReady(timeoutMs: number): Promise<void> {
    return this.#supervised.whenReady(timeoutMs);
  }

  /** SIGKILL; the next life begins after a short pause. */
  kill(): void {
    void this.#supervised.kill();
  }

  freeze(): void {
    this.#supervised.freeze();
  }

  thaw(): void {
    this.#supervised.thaw();
  }

  /** SIGTERM, and waits until the next life serves. */
  async restart(timeoutMs: number): Promise<void> {
    await this.#endLife();
    await this.start(timeoutMs);
  }

  /** As `restart`, until the next life is ready; every life from now on is of these sources. */
  async replace(sources: Sources, timeoutMs: number): Promise<void> {
    this.#sources = sources;
    await this.restart(timeoutMs);
    await eventually(() => this.#isReady(), { timeoutMs, describe: `${this.name} to be ready` });
    await this.look();
  }

  /** The revision that its lives have from now on. */
  get side(): Side {
    return this.#sources.side;
  }

  /** Once it serves: SIGTERM, and waits until it has ended. No next life begins before `start`. */
  async stop(timeoutMs: number): Promise<void> {
    await this.whenReady(timeoutMs);
    await this.#endLife();
  }

  /** After `stop`: waits until the next life serves. */
  async start(timeoutMs: number): Promise<void> {
    await this.#supervised.launch();
    await this.whenReady(timeoutMs);
  }

  /** One look at the metrics now. */
  async look(): Promise<void> {
    const life = this.#supervised.lives.at(-1);
    if (life?.serving === undefined || life.process.exit !== undefined) return;
    const { adminUrl } = life.serving;
    const text = await fetch(`${adminUrl}/metrics`, { signal: AbortSignal.timeout(LOOK_TIMEOUT_MS) })
      .then((response) => response.text())
      .catch(() => undefined);
    if (text === undefined) return;
    const seen = this.#seenOf(life.number);
    seen.metrics = parsePrometheusText(text);
    seen.usage.push(usageOf(seen.metrics));
    if (this.service !== 'ingest' && ownedPartitions(this.service, seen.metrics).length > 0) {
      seen.hadPartitionsAtMs ??= Date.now();
    }
  }

  lives(): readonly ProcessLife[] {
    return this.#supervised.lives.map(({ number, end }: Life) => {
      const { metrics, usage, errors } = this.#seenOf(number);
      return { service: this.service, instance: this.name, life: number, end, metrics, usage, errors };
    });
  }

  spans(): readonly LifeSpan[] {
    const { service, name: instance } = this;
    return this.#supervised.lives.map(({ number, end, beganAtMs, servingSinceMs, endedAtMs }) => {
      const { side, hadPartitionsAtMs, errors } = this.#seenOf(number);
      const workedFromMs = service === 'ingest' ? servingSinceMs : hadPartitionsAtMs;
      const fault = end === 'crashed' ? lastFaultIn(errors) : undefined;
      return { service, instance, life: number, side, end, beganAtMs, workedFromMs, endedAtMs, fault };
    });
  }

  /** For good, in good order. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.#supervised.close().catch(() => undefined), this.#looking]);
  }

  /** What a load balancer would ask. */
  async #isReady(): Promise<boolean> {
    const life = this.#supervised.lives.at(-1);
    if (life?.serving === undefined || life.process.exit !== undefined) return false;
    return fetch(`${life.serving.adminUrl}/readyz`, { signal: AbortSignal.timeout(LOOK_TIMEOUT_MS) })
      .then(({ ok }) => ok)
      .catch(() => false);
  }

  /** How it ends is told by its life. */
  async #endLife(): Promise<void> {
    await this.#supervised.stop().catch(() => undefined);
  }

  async #lookAgainAndAgain(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      await this.look();
      await sleep(LOOK_INTERVAL_MS, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    }
  }

  #seenOf(life: number): SeenLife {
    const seen = this.#seen.get(life);
    if (seen === undefined) throw new Error(`${this.name} has no life ${life}`);
    return seen;
  }
}

/** A line that is not JSON is what Node prints of a process that dies. */
function isErrorLine(line: string): boolean {
  try {
    const { level } = JSON.parse(line) as { readonly level?: unknown };
    return typeof level === 'number' ? level >= ERROR_LEVEL : level === 'error' || level === 'fatal';
  } catch {
    return line.trim() !== '';
  }
}

function pushError({ errors }: SeenLife, line: string): void {
  if (errors.length < MAX_ERRORS) errors.push(line);
}

function usageOf(samples: readonly MetricSample[]): UsageSample {
  const valueOf = (metric: string): number => sumOf(samples, metric);
  return {
    atMs: Date.now(),
    residentBytes: valueOf('process_resident_memory_bytes'),
    heapBytes: valueOf('nodejs_heap_size_used_bytes'),
    openDescriptors: valueOf('process_open_fds'),
    activeHandles: valueOf('nodejs_active_resources_total') || valueOf('nodejs_active_handles_total'),
  };
}
