/**
 * A bound on the bytes that requests hold at one time. What would exceed it is refused at once, so that memory stays flat
 * while Kafka is slow or away: the senders queue, not this process.
 *
 * A connector holds at most as much as is left for all others: one alone half of the budget, two that flood a third each. So
 * there is always room for the next. (Dynamic thresholds, as switches share their buffers among ports: Choudhury and Hahne,
 * 1998.)
 */

/** The share of one request. */
export interface ByteHold {
  /** Takes more; false, and nothing taken, where the budget does not have it. */
  take(bytes: number): boolean;
  /**
   * Counts what the request holds as the connector's from here on; false, and nothing changed, where that exceeds its share.
   * A connector that holds nothing else is not bound by its share, or the largest request might never be taken. Once.
   */
  claim(connectorId: string): boolean;
  /** Gives everything back. Once is enough; more does no harm. */
  release(): void;
}

export class ByteBudget {
  readonly #maxBytes: number;
  readonly #heldByConnector = new Map<string, number>();
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
    let owner: string | undefined;
    return {
      take: (bytes) => {
        if (!this.hasRoomFor(bytes)) return false;
        ownBytes += bytes;
        this.#heldBytes += bytes;
        if (owner !== undefined) this.#addTo(owner, bytes);
        return true;
      },
      claim: (connectorId) => {
        const otherBytes = this.#heldByConnector.get(connectorId) ?? 0;
        if (otherBytes > 0 && otherBytes + ownBytes > this.#maxBytes - this.#heldBytes) return false;
        owner = connectorId;
        this.#addTo(connectorId, ownBytes);
        return true;
      },
      release: () => {
        this.#heldBytes -= ownBytes;
        if (owner !== undefined) this.#addTo(owner, -ownBytes);
        ownBytes = 0;
      },
    };
  }

  #addTo(connectorId: string, bytes: number): void {
    const heldBytes = (this.#heldByConnector.get(connectorId) ?? 0) + bytes;
    if (heldBytes === 0) this.#heldByConnector.delete(connectorId);
    else this.#heldByConnector.set(connectorId, heldBytes);
  }
}
