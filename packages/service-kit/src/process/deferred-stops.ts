import type { Logger } from '../logs/logger.ts';

/** How to stop what a service has started: one after the other, the last started first, each at most once. */
export class DeferredStops {
  readonly #logger: Logger;
  readonly #stops: { readonly name: string; readonly stop: () => Promise<void> }[] = [];
  #step = 'start';

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** The stop that runs or ran last; `start` before the first. */
  get step(): string {
    return this.#step;
  }

  /** Names of those that have not begun, in the order in which they will. */
  get remaining(): readonly string[] {
    return this.#stops.map(({ name }) => name).reverse();
  }

  add(name: string, stop: () => Promise<void>): void {
    this.#stops.push({ name, stop });
  }

  /** Runs all. One that fails is logged, and the others still run; resolves with whether none failed. */
  async run(): Promise<boolean> {
    let allStopped = true;
    for (let next = this.#stops.pop(); next; next = this.#stops.pop()) {
      this.#step = next.name;
      this.#logger.debug({ step: next.name }, `stopping ${next.name}`);
      try {
        await next.stop();
      } catch (error) {
        allStopped = false;
        this.#logger.error({ err: error, step: next.name }, `could not stop ${next.name}`);
      }
    }
    return allStopped;
  }
}
