/**
 * A value that all tabs share: read when somebody asks and the last one is no longer fresh, by one read at a time.
 * However many ask, and however slow the read is, an answer comes within a bounded time.
 */
import { setImmediate as laterInTurn } from 'node:timers/promises';
import type { Clock } from '@astrolabe/service-kit/clock';
import { pending, ready, unavailable } from '../panel.ts';
import type { Panel } from '../shapes/values.ts';

export interface CachedReadOptions<Value> {
  readonly read: (signal: AbortSignal) => Promise<Value>;
  /** For how long a value is fresh; of one that takes long to read, as the caller decides. */
  readonly freshMs: number | ((tookMs: number) => number);
  /** How long an asker waits for a read. */
  readonly waitMs: number;
  /** What is being read, for people: `the topics`. */
  readonly what: string;
  readonly clock: Clock;
  /** Ends reads: the process stops. */
  readonly signal: AbortSignal;
}

/** A failed read is not repeated for so long, however many ask. */
const FAILED_FRESH_MS = 2_000;

interface LastRead<Value> {
  readonly kind: 'read';
  readonly value: Value;
  readonly atMs: number;
  readonly freshUntilMs: number;
  readonly tookMs: number;
}

interface FailedRead {
  readonly kind: 'failed';
  readonly error: unknown;
  readonly freshUntilMs: number;
}

export class CachedRead<Value> {
  readonly #options: CachedReadOptions<Value>;
  #last: LastRead<Value> | undefined;
  #failure: FailedRead | undefined;
  #reading: Promise<void> | undefined;
  /** Counts changes: a read that was begun before the last one may have missed it. */
  #changes = 0;

  constructor(options: CachedReadOptions<Value>) {
    this.#options = options;
  }

  /** Never rejects. */
  async panel(): Promise<Panel<Value>> {
    const { clock, waitMs } = this.#options;
    if (!this.#isFresh()) {
      this.#reading ??= this.#readOnce();
      const enough = new AbortController();
      await Promise.race([this.#reading, clock.sleep(waitMs, enough.signal).catch(() => undefined)]);
      enough.abort();
      // Others that wait for the same read are answered before the next one may begin.
      await laterInTurn();
    }
    return this.#known(
      `no answer within ${waitMs / 1_000} s; the read goes on, and its result is shown once it is there`,
    );
  }

  /** What is known by now, for who cannot wait; where it is not fresh, a read is begun. */
  peek(): Panel<Value> {
    if (!this.#isFresh()) this.#reading ??= this.#readOnce();
    return this.#known('being read; the result is shown once it is there');
  }

  /** How long the last read took, and for how long its value is fresh. Undefined before the first. */
  timing(): { readonly tookMs: number; readonly freshMs: number } | undefined {
    return this.#last === undefined
      ? undefined
      : { tookMs: this.#last.tookMs, freshMs: this.#freshMs(this.#last.tookMs) };
  }

  /** The next asker gets a value that is read from now on: something was changed. */
  expire(): void {
    this.#changes += 1;
    this.#reading = undefined;
    if (this.#last !== undefined) this.#last = { ...this.#last, freshUntilMs: -Infinity };
    this.#failure = undefined;
  }

  #known(unlessRead: string): Panel<Value> {
    const last = this.#last;
    if (this.#failure !== undefined) return unavailable(this.#failure.error, last);
    return last === undefined ? pending(`${this.#options.what}: ${unlessRead}`) : ready(last.value, last.atMs);
  }

  #isFresh(): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    const freshUntilMs = this.#failure?.freshUntilMs ?? this.#last?.freshUntilMs ?? -Infinity;
    return nowMs < freshUntilMs;
  }

  async #readOnce(): Promise<void> {
    const { read, clock, signal } = this.#options;
    const startedMs = clock.monotonicMs();
    const changes = this.#changes;
    const isOld = (): boolean => changes !== this.#changes;
    try {
      const value = await read(signal);
      if (isOld()) return;
      const tookMs = clock.monotonicMs() - startedMs;
      const freshUntilMs = clock.monotonicMs() + this.#freshMs(tookMs);
      this.#last = { kind: 'read', value, atMs: clock.nowMs(), freshUntilMs, tookMs };
      this.#failure = undefined;
    } catch (error) {
      if (isOld()) return;
      this.#failure = { kind: 'failed', error, freshUntilMs: clock.monotonicMs() + FAILED_FRESH_MS };
    } finally {
      if (!isOld()) this.#reading = undefined;
    }
  }

  #freshMs(tookMs: number): number {
    const { freshMs } = this.#options;
    return typeof freshMs === 'number' ? freshMs : freshMs(tookMs);
  }
}
