/** What one replay has read ahead of a partition, in the order of the offsets. One fetch at a time. */
import { present } from '@astrolabe/service-kit/errors';
import { PageWalk, type PageEntry } from './page-walk.ts';
import type { ReplayPage } from './read-replay-page.ts';

export class PageQueue {
  #pages: PageWalk[] = [];
  #nextFetch: bigint;
  #fetching: AbortController | undefined;

  constructor(nextOffset: bigint) {
    this.#nextFetch = nextOffset;
  }

  /** In memory, or on their way there. */
  get pages(): number {
    return this.#pages.length + (this.#fetching === undefined ? 0 : 1);
  }

  get isFetching(): boolean {
    return this.#fetching !== undefined;
  }

  /** Where the next page begins, or later. */
  get nextFetch(): bigint {
    return this.#nextFetch;
  }

  /** Fetches the next page. Resolves when it is there, or was dropped; rejects with what `read` rejects with. */
  async fetch(read: (signal: AbortSignal) => Promise<ReplayPage>): Promise<void> {
    const fetching = new AbortController();
    this.#fetching = fetching;
    try {
      const page = await read(fetching.signal);
      if (this.#fetching !== fetching) return;
      this.#fetching = undefined;
      this.#pages.push(new PageWalk(page));
      this.#nextFetch = page.nextOffset;
    } catch (error) {
      // Dropped: nobody waits for it any more.
      if (this.#fetching !== fetching) return;
      this.#fetching = undefined;
      throw error;
    }
  }

  /** Undefined where nothing is there yet. */
  first(): PageEntry | undefined {
    return this.#pages[0]?.first;
  }

  removeFirst(): void {
    const page = present(this.#pages[0], 'the page of the entry that is removed');
    if (page.first.kind === 'end') this.#pages.shift();
    else page.removeFirst();
  }

  /** Forgets what was read, to read on at the offset later. */
  drop(nextOffset: bigint): void {
    this.#fetching?.abort(new Error('the page is not needed any more'));
    this.#fetching = undefined;
    this.#pages = [];
    this.#nextFetch = nextOffset;
  }
}
