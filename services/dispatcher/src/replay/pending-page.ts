import type { PageGap, ReplayPage } from '@astrolabe/processing';
import type { ConsumedRecord } from '@astrolabe/records';

/** A page on its way into the lanes: what of it was not taken yet. */
export class PendingPage {
  readonly nextOffset: bigint;
  readonly #page: ReplayPage;
  #record = 0;
  #gap = 0;

  constructor(page: ReplayPage) {
    this.nextOffset = page.nextOffset;
    this.#page = page;
  }

  get first(): ConsumedRecord | undefined {
    return this.#page.records[this.#record];
  }

  /** The first record was taken. */
  drop(): void {
    this.#record += 1;
  }

  /** The next gap, where no record is before it. */
  takeGap(): PageGap | undefined {
    const gap = this.#page.gaps[this.#gap];
    if (gap === undefined || (this.first !== undefined && this.first.offset < gap.fromOffset)) return undefined;
    this.#gap += 1;
    return gap;
  }
}
