/** How many replayed records of a partition may be in hand, all of its replays together. Pure state. */

export interface InHand {
  readonly inHand: { readonly records: number; readonly bytes: number };
}

/** Of a replay that is alone. */
const MAX_RECORDS = 2_000;
const MAX_BYTES = 4 * 1_048_576;

/**
 * A replay may hold half of what the others leave of twice the window: one alone has a window, several that cannot go
 * on leave room for the next, and all of them hold two windows at most.
 */
export class ReplayWindow {
  readonly #lines = new Set<InHand>();

  add(line: InHand): void {
    this.#lines.add(line);
  }

  remove(line: InHand): void {
    this.#lines.delete(line);
  }

  get inHandRecords(): number {
    let records = 0;
    for (const { inHand } of this.#lines) records += inHand.records;
    return records;
  }

  /** Whether the line may take another record. */
  hasRoom(line: InHand): boolean {
    return this.#isBelow(line, 1);
  }

  /** Whether it is worth while to go on: not for each record that ends. */
  isHalfFree(line: InHand): boolean {
    return this.#isBelow(line, 2);
  }

  #isBelow(line: InHand, part: number): boolean {
    const { records, bytes } = line.inHand;
    let otherRecords = 0;
    let otherBytes = 0;
    for (const other of this.#lines) {
      if (other === line) continue;
      otherRecords += other.inHand.records;
      otherBytes += other.inHand.bytes;
    }
    if (records === 0) return true;
    return (
      records < (2 * MAX_RECORDS - otherRecords) / 2 / part &&
      bytes < Math.max(0, 2 * MAX_BYTES - otherBytes) / 2 / part
    );
  }
}
