interface Waiter {
  readonly take: () => void;
  readonly leave: () => void;
}

/** Bounds the calls in flight of one connector; whoever waits is served in the order of arrival. */
export class CallSlots {
  readonly #limit: number;
  #used = 0;
  /** In the order of arrival. A set: when a partition is lost, thousands leave from anywhere in the line at once. */
  readonly #waiting = new Set<Waiter>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Calls in flight. */
  get used(): number {
    return this.#used;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Runs `call` once a slot is free. Rejects with the signal's reason when it aborts while waiting. */
  async run<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#used < this.#limit) this.#used += 1;
    else await this.#wait(signal);
    try {
      return await call();
    } finally {
      // The slot goes to the next in line without becoming free in between, so nobody overtakes.
      const [next] = this.#waiting;
      if (next === undefined) {
        this.#used -= 1;
      } else {
        this.#waiting.delete(next);
        next.take();
      }
    }
  }

  #wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = {
      take: (): void => {
        signal.removeEventListener('abort', waiter.leave);
        resolve();
      },
      leave: (): void => {
        this.#waiting.delete(waiter);
        reject(signal.reason as Error);
      },
    };
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    signal.addEventListener('abort', waiter.leave, { once: true });
    this.#waiting.add(waiter);
    return promise;
  }
}
