import type { ConsumedRecord } from '@astrolabe/records';
import type { PageGap, ReplayPage } from './read-replay-page.ts';

export type PageEntry =
  | { readonly kind: 'record'; readonly record: ConsumedRecord }
  | { readonly kind: 'gap'; readonly gap: PageGap }
  /** The page has been used up: everything below `nextOffset` was given out. */
  | { readonly kind: 'end'; readonly nextOffset: bigint };

/** Gives out what a page holds, in the order of the offsets. No record is in a gap. */
export class PageWalk {
  readonly #page: ReplayPage;
  #record = 0;
  #gap = 0;

  constructor(page: ReplayPage) {
    this.#page = page;
  }

  get first(): PageEntry {
    const { records, gaps, nextOffset } = this.#page;
    const record = records[this.#record];
    const gap = gaps[this.#gap];
    if (gap !== undefined && (record === undefined || gap.fromOffset < record.offset)) return { kind: 'gap', gap };
    return record === undefined ? { kind: 'end', nextOffset } : { kind: 'record', record };
  }

  /** Nothing follows the end. */
  removeFirst(): void {
    const { kind } = this.first;
    if (kind === 'record') this.#record += 1;
    else if (kind === 'gap') this.#gap += 1;
  }
}
