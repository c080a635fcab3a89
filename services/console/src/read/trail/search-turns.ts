/**
 * Searches read whole topics: few are under way at a time, others wait for their turn, and who asks for what is being
 * searched already gets the same answer. A search that nobody waits for any more ends.
 */
import { unlessAborted } from '@astrolabe/service-kit/retry';

export interface SearchTurnsOptions {
  readonly atOnce: number;
  /** Beyond them a search is refused. */
  readonly waiting: number;
}

export type SearchOutcome<Found> = { readonly kind: 'found'; readonly found: Found } | { readonly kind: 'busy' };

interface Search {
  readonly promise: Promise<unknown>;
  readonly ending: AbortController;
  askers: number;
}

export class SearchTurns {
  readonly #options: SearchTurnsOptions;
  readonly #searches = new Map<string, Search>();
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor(options: SearchTurnsOptions) {
    this.#options = options;
  }

  /** `name` tells searches apart. Rejects as `search` does, or with the signal's reason. */
  async run<Found>(
    name: string,
    signal: AbortSignal,
    search: (signal: AbortSignal) => Promise<Found>,
  ): Promise<SearchOutcome<Found>> {
    signal.throwIfAborted();
    let own = this.#searches.get(name);
    if (own === undefined) {
      if (this.#searches.size >= this.#options.atOnce + this.#options.waiting) return { kind: 'busy' };
      own = this.#begin(name, search);
    }
    own.askers += 1;
    try {
      return { kind: 'found', found: (await unlessAborted(own.promise, signal)) as Found };
    } finally {
      own.askers -= 1;
      if (own.askers === 0) own.ending.abort(new Error('nobody waits for the search any more'));
    }
  }

  #begin(name: string, search: (signal: AbortSignal) => Promise<unknown>): Search {
    const ending = new AbortController();
    const begun: Search = { promise: this.#inTurn(ending.signal, search), ending, askers: 0 };
    this.#searches.set(name, begun);
    const ended = (): void => {
      if (this.#searches.get(name) === begun) this.#searches.delete(name);
    };
    begun.promise.then(ended, ended);
    // Who asks now must not get what is being given up.
    ending.signal.addEventListener('abort', ended, { once: true });
    return begun;
  }

  async #inTurn(signal: AbortSignal, search: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> {
    if (this.#running >= this.#options.atOnce) {
      const turn = Promise.withResolvers<void>();
      this.#queue.push(turn.resolve);
      await turn.promise;
    } else {
      this.#running += 1;
    }
    try {
      signal.throwIfAborted();
      return await search(signal);
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
