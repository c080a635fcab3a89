/**
 * One wait for the ledgers of a process: the chunks of all its partitions are stored at one moment, and the producer
 * makes one request of them. With a wait for each partition the brokers have as many requests as there are partitions.
 */
import type { Clock } from '@astrolabe/service-kit/clock';

const DEFAULT_LINGER_MS = 25;

export class SharedLinger {
  readonly #clock: Pick<Clock, 'sleep'>;
  readonly #lingerMs: number;
  #current: Promise<void> | undefined;

  /** With 0 nothing is waited for; even so, what is recorded in one turn shares a chunk. */
  constructor(clock: Pick<Clock, 'sleep'>, lingerMs = DEFAULT_LINGER_MS) {
    this.#clock = clock;
    this.#lingerMs = lingerMs;
  }

  /** Resolves when the present wait ends, which the first caller has begun; after `lingerMs` at most. */
  wait(): Promise<void> {
    if (this.#lingerMs === 0) return Promise.resolve();
    return (this.#current ??= this.#clock.sleep(this.#lingerMs).then(() => {
      this.#current = undefined;
    }));
  }
}
