/**
 * Calls in flight of all connectors together. A connector may have as many as are left for all others: one alone half of the ceiling, two
 * that hang a third each, so there is always room for the next (dynamic thresholds, as switches share their buffers among ports:
 * Choudhury and Hahne, 1998); and its floor in any case. Who has to wait is served in turn.
 */
export class SharedSlots {
  readonly #ceiling: number;
  #used = 0;
  readonly #waiting = new Set<{ pump(): void }>();

  constructor(ceiling: number) {
    this.#ceiling = ceiling;
  }

  get used(): number {
    return this.#used;
  }

  /** Whether one that has `own` calls in flight may make another. */
  mayTake(own: number, floor: number): boolean {
    return own < floor || own < this.#ceiling - this.#used;
  }

  take(): void {
    this.#used += 1;
  }

  /** `serve` is to be called afterwards. */
  give(): void {
    this.#used -= 1;
  }

  /** Is asked to come again when a call has ended. */
  wait(gate: { pump(): void }): void {
    this.#waiting.add(gate);
  }

  /** Lets the one that has waited longest try. */
  serve(): void {
    const [gate] = this.#waiting;
    if (gate === undefined) return;
    this.#waiting.delete(gate);
    gate.pump();
  }
}
