/** How many pages of replays a process holds in memory, over all of its partitions: in the order of asking. No I/O. */
import { present } from '@astrolabe/service-kit/errors';

export interface PageHolder {
  /** Others wait for a permit: pages that cannot be used just now are to be given back. */
  shed(): void;
  /** There may be a permit. */
  wake(): void;
}

export class PagePermits {
  #free: number;
  readonly #held = new Map<PageHolder, number>();
  readonly #waiting = new Set<PageHolder>();

  constructor(pages: number) {
    this.#free = pages;
  }

  /** Whether the holder may have one page more. If not, it is woken when its turn has come. */
  take(holder: PageHolder): boolean {
    const [first] = this.#waiting;
    if (this.#free > 0 && (first === undefined || first === holder)) {
      this.#waiting.delete(holder);
      this.#free -= 1;
      this.#held.set(holder, this.heldBy(holder) + 1);
      this.#wakeNext();
      return true;
    }
    this.#waiting.add(holder);
    for (const other of [...this.#held.keys()]) if (other !== holder) other.shed();
    return false;
  }

  giveBack(holder: PageHolder, pages: number): void {
    if (pages === 0) return;
    const left = present(this.#held.get(holder), 'the pages that are given back') - pages;
    if (left > 0) this.#held.set(holder, left);
    else this.#held.delete(holder);
    this.#free += pages;
    this.#wakeNext();
  }

  /** It asks for no more. */
  withdraw(holder: PageHolder): void {
    if (this.#waiting.delete(holder)) this.#wakeNext();
  }

  heldBy(holder: PageHolder): number {
    return this.#held.get(holder) ?? 0;
  }

  #wakeNext(): void {
    const [first] = this.#waiting;
    if (this.#free > 0) first?.wake();
  }
}
