/** Bounds the calls in flight of one connector; whoever waits is served in the order of arrival. */
export class CallSlots {
  readonly #limit: number;
  #used = 0;
  #waiting: { take: () => void; leave: () => void }[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Calls in flight. */
  get used(): number {
    return this.#used;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Runs `call` once a slot is free. Rejects with the signal's reason when it aborts while waiting. */
  async run<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#used < this.#limit) this.#used += 1;
    else await this.#wait(signal);
    try {
      return await call();
    } finally {
      // The slot goes to the next in line without becoming free in between, so nobody overtakes.
      const next = this.#waiting.shift();
      if (next === undefined) this.#used -= 1;
      else next.take();
    }
  }

  #wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = {
      take: (): void => {
        signal.removeEventListener('abort', waiter.leave);
        resolve();
      },
      leave: (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter);
        reject(signal.reason as Error);
      },
    };
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    signal.addEventListener('abort', waiter.leave, { once: true });
    this.#waiting.push(waiter);
    return promise;
  }
}
