/**
 * A member that closes gives its partitions to the others before it stops: it makes the group rebalance, works on until
 * the others have joined, and has no partitions then. No event waits for the others to hear of it with a heartbeat.
 */

type State =
  | { readonly kind: 'none' }
  /** `asks`: how often the group has been asked; one that rebalanced already may not have heard. */
  | { readonly kind: 'asked'; readonly asks: number; readonly done: () => void }
  | { readonly kind: 'over' };

/** The others join within a heartbeat; one that was killed keeps them waiting for its session time-out. */
const LONGEST_MS = 3_000;
const MOST_ASKS = 3;

export class HandOver {
  readonly #ask: () => void;
  #isAlone = false;
  #state: State = { kind: 'none' };

  /** `ask` makes the group rebalance, and tells it that this member leaves. */
  constructor(ask: () => void) {
    this.#ask = ask;
  }

  /** Resolves when the others have the partitions, when there are none, or after half of `deadlineMs`. */
  async give(deadlineMs: number): Promise<void> {
    if (this.#isAlone || deadlineMs <= 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#state = { kind: 'asked', asks: 1, done: resolve };
    const timer = setTimeout(resolve, Math.min(LONGEST_MS, deadlineMs / 2));
    this.#ask();
    await promise;
    clearTimeout(timer);
    this.#state = { kind: 'over' };
  }

  /** The group has given this member so many partitions; `isAlone` where it has no other member. */
  joined(partitions: number, isAlone: boolean): void {
    this.#isAlone = isAlone;
    const state = this.#state;
    if (state.kind !== 'asked') return;
    if (partitions === 0 || isAlone || state.asks === MOST_ASKS) return state.done();
    this.#state = { ...state, asks: state.asks + 1 };
    this.#ask();
  }

  /** This process has left the group. */
  giveUp(): void {
    if (this.#state.kind === 'asked') this.#state.done();
  }
}
