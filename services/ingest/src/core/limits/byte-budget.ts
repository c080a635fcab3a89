/**
 * Bounds the bytes that requests hold at a time. A request that would exceed the bound is refused at once. So memory is
 * flat while Kafka is slow or down: the senders queue, not this process.
 *
 * A connector holds at most as much as is left for all others: half of the budget if it is alone, a third each if two
 * flood. So there is always room for the next one. (Dynamic thresholds, as switches share their buffers among ports:
 * Choudhury and Hahne, 1998.)
 *
 * The connector is unknown until a body is read, so such bodies are bounded by time: if there is no room, the oldest of
 * them are given up. So a slow sender, on however many connections, cannot keep others out.
 */

/** The share of one request. */
export interface ByteHold {
  /** Takes more. Returns false and takes nothing if the budget does not have it. */
  take(bytes: number): boolean;
  /**
   * Marks the body as being read until the returned function is called. After `minReadMs` it may be given up, which
   * returns all its bytes and calls `onGivenUp`.
   */
  reading(onGivenUp: () => void): () => void;
  /**
   * Counts what the request holds as the owner's from here on. Returns false and changes nothing if that exceeds the
   * owner's share. An owner is a connector, or all requests together whose connector is not known yet. An owner that
   * holds nothing else is not limited by its share, or the largest request might never be accepted. Call it again for
   * another owner, or after more was taken.
   */
  claim(owner: string): boolean;
  /** Gives everything back. Further calls have no effect. */
  release(): void;
}

export interface ByteBudgetOptions {
  readonly maxBytes: number;
  /** How long a body may be read in any case, before it can be given up for others. */
  readonly minReadMs: number;
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

  get maxBytes(): number {
    return this.#maxBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Whether that many bytes can be taken now, after giving up slow bodies if needed. */
  hasRoomFor(bytes: number): boolean {
    if (this.#heldBytes + bytes <= this.#maxBytes) return true;
    const { minReadMs, nowMs } = this.#options;
    const latestMs = nowMs() - minReadMs;
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
        // Making room may give up this very body.
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
