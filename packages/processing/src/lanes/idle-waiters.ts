/** Those who wait until there is nothing left to do. */
export class IdleWaiters {
  readonly #isIdle: () => boolean;
  #waiters: (() => void)[] = [];

  constructor(isIdle: () => boolean) {
    this.#isIdle = isIdle;
  }

  /** Resolves at once where there is nothing to do. */
  wait(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.push(resolve);
    return promise;
  }

  /** To be called whenever something has ended. Looks a turn later, when everything that ends with it is counted. */
  wake(): void {
    if (this.#waiters.length === 0) return;
    setImmediate(() => {
      if (!this.#isIdle()) return;
      for (const resolve of this.#waiters.splice(0)) resolve();
    });
  }
}
