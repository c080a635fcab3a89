/** What one replay has read ahead of a partition, in the order of the offsets. One fetch at a time. */
import type { ConsumedRecord } from '@astrolabe/records';
import { present } from '@astrolabe/service-kit/errors';
import type { PageGap, ReplayPage } from './read-replay-page.ts';

export type PageEntry =
  | { readonly kind: 'record'; readonly record: ConsumedRecord }
  | { readonly kind: 'gap'; readonly gap: PageGap }
  /** The page has been used up: everything below `nextOffset` was given out. */
  | { readonly kind: 'end'; readonly nextOffset: bigint };

export class PageQueue {
  #pages: ReplayPage[] = [];
  /** In the first page. */
  #record = 0;
  #gap = 0;
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
      this.#pages.push(page);
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
    const [page] = this.#pages;
    if (page === undefined) return undefined;
    const record = page.records[this.#record];
    const gap = page.gaps[this.#gap];
    if (gap !== undefined && (record === undefined || gap.fromOffset < record.offset)) return { kind: 'gap', gap };
    return record === undefined ? { kind: 'end', nextOffset: page.nextOffset } : { kind: 'record', record };
  }

  removeFirst(): void {
    const { kind } = present(this.first(), 'the entry that is removed');
    if (kind === 'record') this.#record += 1;
    else if (kind === 'gap') this.#gap += 1;
    else {
      this.#pages.shift();
      this.#record = 0;
      this.#gap = 0;
    }
  }

  /** Forgets what was read, to read on at the offset later. */
  drop(nextOffset: bigint): void {
    this.#fetching?.abort(new Error('the page is not needed any more'));
    this.#fetching = undefined;
    this.#pages = [];
    this.#record = 0;
    this.#gap = 0;
    this.#nextFetch = nextOffset;
  }
}
