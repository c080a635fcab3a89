/**
 * A bound on the bytes that requests hold at one time. What would exceed it is refused at once, so that memory stays flat
 * while Kafka is slow or away: the senders queue, not this process.
 */

/** The share of one request. */
export interface ByteHold {
  /** Takes more; false, and nothing taken, where the budget does not have it. */
  take(bytes: number): boolean;
  /** Gives everything back. Once is enough; more does no harm. */
  release(): void;
}

export class ByteBudget {
  readonly #maxBytes: number;
  #heldBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Whether so many bytes could be taken now. */
  hasRoomFor(bytes: number): boolean {
    return this.#heldBytes + bytes <= this.#maxBytes;
  }

  open(): ByteHold {
    let ownBytes = 0;
    return {
      take: (bytes) => {
        if (!this.hasRoomFor(bytes)) return false;
        ownBytes += bytes;
        this.#heldBytes += bytes;
        return true;
      },
      release: () => {
        this.#heldBytes -= ownBytes;
        ownBytes = 0;
      },
    };
  }
}
