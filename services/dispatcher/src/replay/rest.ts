import type { Clock } from '@astrolabe/service-kit/clock';

/** Waits until there may be something to do. */
export class Rest {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #waiter: (() => void) | undefined;
  /** It was ended before it began: what was looked at may have changed meanwhile. */
  #isEnded = false;

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.end(), { once: true });
  }

  /** Resolves after `ms`, at the next `end`, or when the signal is aborted. */
  async begin(ms: number | undefined): Promise<void> {
    if (this.#isEnded || this.#signal.aborted) {
      this.#isEnded = false;
      return;
    }
    const over = new AbortController();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiter = resolve;
    if (ms !== undefined) this.#clock.sleep(ms, over.signal).then(resolve, () => undefined);
    await promise;
    this.#waiter = undefined;
    over.abort();
  }

  end(): void {
    if (this.#waiter === undefined) this.#isEnded = true;
    else this.#waiter();
  }
}
