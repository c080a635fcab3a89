import type { Clock } from '@astrolabe/service-kit/clock';

export interface AlarmOptions {
  readonly clock: Clock;
  /** Once it aborts, nothing rings any more. */
  readonly signal: AbortSignal;
  readonly onRing: () => void;
}

/**
 * One timer for many waits: it rings at the earliest time that it was set for; for a later one it is to be set again
 * then.
 */
export class Alarm {
  readonly #options: AlarmOptions;
  #atMs: number | undefined;

  constructor(options: AlarmOptions) {
    this.#options = options;
  }

  /** `atMs` is of the monotonic clock. */
  setFor(atMs: number): void {
    if (this.#atMs !== undefined && this.#atMs <= atMs) return;
    const { clock, signal, onRing } = this.#options;
    this.#atMs = atMs;
    clock.sleep(atMs - clock.monotonicMs(), signal).then(
      () => {
        // It was set for an earlier time meanwhile.
        if (this.#atMs !== atMs) return;
        this.#atMs = undefined;
        onRing();
      },
      () => undefined,
    );
  }
}
