/**
 * A bound on the bytes that requests hold at one time. What would exceed it is refused at once, so that memory stays flat
 * while Kafka is slow or away: the senders queue, not this process.
 *
 * A connector holds at most as much as is left for all others: one alone half of the budget, two that flood a third each. So
 * there is always room for the next. (Dynamic thresholds, as switches share their buffers among ports: Choudhury and Hahne,
 * 1998.)
 *
 * A body that is still being read counts for nobody, so what bounds those is time: where there is no room, the oldest of them make way.
 * A sender that takes its time, on however many connections, thus keeps nobody else out.
 */

/** The share of one request. */
export interface ByteHold {
  /** Takes more; false, and nothing taken, where the budget does not have it. */
  take(bytes: number): boolean;
  /**
   * From here until the returned function is called the body is being read: after `patienceMs` it may have to make way, which gives back
   * all that it holds and calls `onGivenUp`.
   */
  reading(onGivenUp: () => void): () => void;
  /**
   * Counts what the request holds as the owner's from here on; false, and nothing changed, where that exceeds its share. An owner is a
   * connector, or those together whose connector is not known yet. One that holds nothing else is not bound by its share, or the largest
   * request might never be taken. Again for another owner, or after more was taken.
   */
  claim(owner: string): boolean;
  /** Gives everything back. Once is enough; more does no harm. */
  release(): void;
}

export interface ByteBudgetOptions {
  readonly maxBytes: number;
  /** How long a body may be read before it has to make way for others. */
  readonly patienceMs: number;
  readonly nowMs: () => number;
}

interface Reader {
  readonly sinceMs: number;
  readonly giveUp: () => void;
}

export class ByteBudget {
  readonly #options: ByteBudgetOptions;
  readonly #maxBytes: number;
  /** The oldest first. */
  readonly #readers = new Set<Reader>();
  readonly #heldByOwner = new Map<string, number>();
  #heldBytes = 0;

  constructor(options: ByteBudgetOptions) {
    this.#options = options;
    this.#maxBytes = options.maxBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Whether so many bytes can be taken now, after slow bodies have made way if need be. */
  hasRoomFor(bytes: number): boolean {
    if (this.#heldBytes + bytes <= this.#maxBytes) return true;
    const { patienceMs, nowMs } = this.#options;
    const latestMs = nowMs() - patienceMs;
    for (const reader of this.#readers) {
      if (reader.sinceMs > latestMs) break;
      reader.giveUp();
      if (this.#heldBytes + bytes <= this.#maxBytes) return true;
    }
    return false;
  }

  open(): ByteHold {
    let ownBytes = 0;
    let owner: string | undefined;
    const release = (): void => {
      this.#heldBytes -= ownBytes;
      if (owner !== undefined) this.#addTo(owner, -ownBytes);
      ownBytes = 0;
    };
    let isGivenUp = false;
    return {
      take: (bytes) => {
        // Making room may cost this very body its place.
        if (!this.hasRoomFor(bytes) || isGivenUp) return false;
        ownBytes += bytes;
        this.#heldBytes += bytes;
        if (owner !== undefined) this.#addTo(owner, bytes);
        return true;
      },
      reading: (onGivenUp) => {
        const reader: Reader = {
          sinceMs: this.#options.nowMs(),
          giveUp: () => {
            this.#readers.delete(reader);
            isGivenUp = true;
            release();
            onGivenUp();
          },
        };
        this.#readers.add(reader);
        return () => {
          this.#readers.delete(reader);
        };
      },
      claim: (nextOwner) => {
        const heldBytes = this.#heldByOwner.get(nextOwner) ?? 0;
        const otherBytes = owner === nextOwner ? heldBytes - ownBytes : heldBytes;
        if (otherBytes > 0 && otherBytes + ownBytes > this.#maxBytes - this.#heldBytes) return false;
        if (owner === nextOwner) return true;
        if (owner !== undefined) this.#addTo(owner, -ownBytes);
        owner = nextOwner;
        this.#addTo(nextOwner, ownBytes);
        return true;
      },
      release,
    };
  }

  #addTo(owner: string, bytes: number): void {
    const heldBytes = (this.#heldByOwner.get(owner) ?? 0) + bytes;
    if (heldBytes === 0) this.#heldByOwner.delete(owner);
    else this.#heldByOwner.set(owner, heldBytes);
  }
}
