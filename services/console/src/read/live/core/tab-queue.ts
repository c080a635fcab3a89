/** Rows that wait to be sent to one tab: bounded, and what does not fit is counted. Pure. */
import type { LiveItem } from './live-item.ts';

/** Without the text that filters look at, which may be megabytes. */
export type QueuedRow = Pick<LiveItem, 'sequence' | 'row'>;

export interface TakenRows {
  readonly items: readonly QueuedRow[];
  /** Rows that gave way to newer ones since the last take. */
  readonly dropped: number;
  /** Offsets that were not looked at since the last take. */
  readonly notRead: number;
}

export class TabQueue {
  readonly #maxRows: number;
  readonly #items: QueuedRow[] = [];
  #dropped = 0;
  #notRead = 0;

  constructor(maxRows: number) {
    this.#maxRows = maxRows;
  }

  get size(): number {
    return this.#items.length;
  }

  /** Whether there is anything to tell. */
  get hasNews(): boolean {
    return this.#items.length > 0 || this.#dropped > 0 || this.#notRead > 0;
  }

  /** The oldest gives way: who looks on wants what is new. */
  add({ sequence, row }: QueuedRow): void {
    this.#items.push({ sequence, row });
    if (this.#items.length <= this.#maxRows) return;
    this.#items.shift();
    this.#dropped += 1;
  }

  addNotRead(offsets: number): void {
    this.#notRead += offsets;
  }

  take(maxRows: number): TakenRows {
    const items = this.#items.splice(0, maxRows);
    const taken = { items, dropped: this.#dropped, notRead: this.#notRead };
    this.#dropped = 0;
    this.#notRead = 0;
    return taken;
  }
}
