import type { Logger } from '../logs/logger.ts';

/**
 * From its first signal on, a service may drain: it goes on as before and only says that it will stop, so
 * that those who send it work can turn to another instance. Then its stops run.
 */
const phases = {
  starting: ['running', 'stopping'],
  running: ['draining', 'stopping'],
  draining: ['stopping'],
  stopping: [],
} as const satisfies Record<string, readonly string[]>;

export type Phase = keyof typeof phases;

/** Resolves when the service may stop; must not reject. `signal` is aborted when it has to stop now. */
export type Drain = (signal: AbortSignal) => Promise<void>;

export class ServicePhase {
  readonly #logger: Logger;
  readonly #drains: { readonly name: string; readonly drain: Drain }[] = [];
  readonly #draining = new AbortController();
  readonly #stopping = new AbortController();
  readonly #stopBegun = Promise.withResolvers<void>();
  #phase: Phase = 'starting';

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get current(): Phase {
    return this.#phase;
  }

  /** Aborted when the service begins to stop. */
  get stopSignal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Resolves when the service begins to stop. */
  get stopBegun(): Promise<void> {
    return this.#stopBegun.promise;
  }

  /** Whether it runs and has something to drain. */
  get canDrain(): boolean {
    return this.#phase === 'running' && this.#drains.length > 0;
  }

  /** Its start is over. */
  started(): void {
    if (this.#phase === 'starting') this.#enter('running');
  }

  addDrain(name: string, drain: Drain): void {
    this.#drains.push({ name, drain });
  }

  /** The drains run all at once; then the service stops. */
  beginDrain(): void {
    this.#enter('draining');
    void Promise.all(this.#drains.map((entry) => this.#run(entry))).then(() => this.beginStop());
  }

  /** At once, also out of a drain. A second call changes nothing. */
  beginStop(): void {
    if (this.#phase === 'stopping') return;
    this.#enter('stopping');
    this.#draining.abort();
    this.#stopBegun.resolve();
    this.#stopping.abort();
  }

  async #run({ name, drain }: { readonly name: string; readonly drain: Drain }): Promise<void> {
    try {
      await drain(this.#draining.signal);
    } catch (error) {
      this.#logger.error({ err: error, step: name }, `could not drain ${name}; stopping at once`);
    }
  }

  #enter(next: Phase): void {
    const allowed: readonly Phase[] = phases[this.#phase];
    if (!allowed.includes(next)) throw new Error(`a service that is ${this.#phase} cannot be ${next}`);
    this.#phase = next;
  }
}
