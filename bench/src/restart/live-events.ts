/** When each event was due, and when it reached the API for the first time. */
import { percentile } from '@astrolabe/testkit';

export interface Freshness {
  readonly events: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Times are those of `performance.now()`. Events have consecutive numbers; event n is of user n modulo `users`. */
export class LiveEvents {
  readonly #users: number;
  readonly #dueAtMs: number[] = [];
  readonly #arrivedAtMs: number[] = [];
  readonly #lastOfUser: number[] = [];
  #missing = 0;
  /** All events before this one have arrived. */
  #complete = 0;
  #waiters: { readonly event: number; readonly resolve: () => void }[] = [];
  /** Calls for an event that had arrived: the same command again, with the same idempotency key. */
  repeated = 0;
  /** Events that arrived first after a later one of their user. */
  outOfOrder = 0;

  constructor(users: number) {
    this.#users = users;
  }

  userOf(event: number): number {
    return event % this.#users;
  }

  /** The number of the next event, due now or a moment ago. */
  due(dueAtMs: number): number {
    this.#missing += 1;
    return this.#dueAtMs.push(dueAtMs) - 1;
  }

  arrived(event: number, atMs: number): void {
    if (this.#dueAtMs[event] === undefined) throw new Error(`the API got event ${event}, which nobody sent`);
    if (this.#arrivedAtMs[event] !== undefined) {
      this.repeated += 1;
      return;
    }
    this.#arrivedAtMs[event] = atMs;
    this.#missing -= 1;
    const user = this.userOf(event);
    if ((this.#lastOfUser[user] ?? -1) > event) this.outOfOrder += 1;
    else this.#lastOfUser[user] = event;
    while (this.#arrivedAtMs[this.#complete] !== undefined) this.#complete += 1;
    for (const waiter of this.#waiters.filter((each) => each.event <= this.#complete)) waiter.resolve();
    this.#waiters = this.#waiters.filter((each) => each.event > this.#complete);
  }

  /** How many have been due, which is the number of the next one. */
  get count(): number {
    return this.#dueAtMs.length;
  }

  get missing(): number {
    return this.#missing;
  }

  /** Resolves once every event that has been due has arrived; later ones may be on their way. */
  async allArrived(): Promise<void> {
    const event = this.#dueAtMs.length;
    if (event <= this.#complete) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.push({ event, resolve });
    await promise;
  }

  /** Of the events numbered from `from` up to, not including, `to`; all of them have arrived. */
  freshness(from: number, to: number): Freshness {
    const waits = this.#dueAtMs.slice(from, to).map((dueAtMs, index) => {
      const arrivedAtMs = this.#arrivedAtMs[from + index];
      if (arrivedAtMs === undefined) throw new Error(`event ${from + index} has not arrived`);
      return arrivedAtMs - dueAtMs;
    });
    return {
      events: waits.length,
      p50Ms: percentile(waits, 0.5),
      p99Ms: percentile(waits, 0.99),
      maxMs: waits.reduce((longest, wait) => Math.max(longest, wait), 0),
    };
  }
}
