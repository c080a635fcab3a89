/**
 * Calls in flight of all connectors together, so that connectors whose API hangs cannot take all of them. A connector
 * may have as many as are left for all others: one alone half of the ceiling, two that hang a third each, so there is
 * always room for the next (dynamic thresholds, as switches share their buffers among ports: Choudhury and Hahne,
 * 1998); and its floor in any case. Replayed calls likewise have half of the ceiling, and none beyond the floor while a
 * live call waits for room.
 */
import type { CallClass } from './admission.ts';

interface Pumped {
  pump(): void;
}

export class Bulkhead {
  #ceiling: number;
  #inFlight = 0;
  readonly #waiting: Readonly<Record<CallClass, Set<Pumped>>> = { live: new Set(), replayed: new Set() };

  constructor(ceiling: number) {
    this.#ceiling = ceiling;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** From the next call on. What is in flight above it ends by itself. */
  setCeiling(ceiling: number): void {
    this.#ceiling = ceiling;
  }

  /** Whether a connector that has `own` calls in flight may make another. */
  hasRoom(own: number, floor: number, callClass: CallClass): boolean {
    if (own < floor) return true;
    if (callClass === 'live') return own < this.#ceiling - this.#inFlight;
    return this.#waiting.live.size === 0 && own < Math.ceil(this.#ceiling / 2) - this.#inFlight;
  }

  enter(): void {
    this.#inFlight += 1;
  }

  /** `serveNext` is to be called afterwards. */
  leave(): void {
    if (this.#inFlight === 0) throw new Error('more calls have ended than were made');
    this.#inFlight -= 1;
  }

  /** The limiter is pumped when a call of another connector has ended. */
  waitForRoom(limiter: Pumped, callClass: CallClass): void {
    this.#waiting[callClass].add(limiter);
  }

  /** Lets the limiter that has waited longest try again, one with a live call first. */
  serveNext(): void {
    const { live, replayed } = this.#waiting;
    const waiting = live.size > 0 ? live : replayed;
    const [limiter] = waiting;
    if (limiter === undefined) return;
    waiting.delete(limiter);
    limiter.pump();
  }
}
