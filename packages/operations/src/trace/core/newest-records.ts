/** What a search has found, in bounded memory: the newest of it. Pure. */
import type { ConsumedRecord } from '@astrolabe/records';
import type { RecordRole } from '../../records/describe-record.ts';

export interface FoundRecord {
  readonly role: RecordRole;
  readonly record: ConsumedRecord;
}

export class NewestRecords {
  readonly #max: number;
  #found: FoundRecord[] = [];
  #leftOut = 0;

  /** `max` undefined: all are kept. */
  constructor(max: number | undefined) {
    this.#max = max ?? Number.POSITIVE_INFINITY;
  }

  /** Keeps a copy: what was fetched is megabytes that a view of it would hold in memory. */
  add(role: RecordRole, record: ConsumedRecord): void {
    this.#found.push({ role, record: copyOf(record) });
    // Twice as many before they are sorted out, so that this costs little for each.
    if (this.#found.length > this.#max * 2) this.#trim();
  }

  /** In no order. */
  all(): { readonly kept: readonly FoundRecord[]; readonly leftOut: number } {
    this.#trim();
    return { kept: this.#found, leftOut: this.#leftOut };
  }

  #trim(): void {
    if (this.#found.length <= this.#max) return;
    const newest = this.#found.toSorted((a, b) => b.record.timestampMs - a.record.timestampMs);
    this.#leftOut += newest.length - this.#max;
    this.#found = newest.slice(0, this.#max);
  }
}

function copyOf({ topic, partition, offset, timestampMs, key, value, headers }: ConsumedRecord): ConsumedRecord {
  return {
    topic,
    partition,
    offset,
    timestampMs,
    key: key && Buffer.from(key),
    value: value && Buffer.from(value),
    headers: Object.fromEntries(Object.entries(headers).map(([name, bytes]) => [name, Buffer.from(bytes)])),
  };
}
