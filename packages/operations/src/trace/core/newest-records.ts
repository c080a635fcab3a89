/** What a search has found, in bounded memory: the newest of it. Pure. */
import { recordSizeBytes, type ConsumedRecord } from '@astrolabe/records';
import type { RecordRole } from '../../records/describe-record.ts';

export interface FoundRecord {
  readonly role: RecordRole;
  readonly record: ConsumedRecord;
}

/** Where there is a bound: records may have a megabyte each. */
const MAX_BYTES = 64 * 1_048_576;

export class NewestRecords {
  readonly #max: number;
  readonly #maxBytes: number;
  #found: FoundRecord[] = [];
  #bytes = 0;
  #leftOut = 0;

  /** `max` undefined: all are kept. */
  constructor(max: number | undefined, maxBytes = MAX_BYTES) {
    this.#max = max ?? Number.POSITIVE_INFINITY;
    this.#maxBytes = max === undefined ? Number.POSITIVE_INFINITY : maxBytes;
  }

  /** Keeps a copy: what was fetched is megabytes that a view of it would hold in memory. */
  add(role: RecordRole, record: ConsumedRecord): void {
    this.#found.push({ role, record: copyOf(record) });
    this.#bytes += recordSizeBytes(record);
    // Twice as many before they are sorted out, so that this costs little for each.
    if (this.#found.length > this.#max * 2 || this.#bytes > this.#maxBytes * 2) this.#trim();
  }

  /** In no order. */
  all(): { readonly kept: readonly FoundRecord[]; readonly leftOut: number } {
    this.#trim();
    return { kept: this.#found, leftOut: this.#leftOut };
  }

  #trim(): void {
    if (this.#found.length <= this.#max && this.#bytes <= this.#maxBytes) return;
    const newest = this.#found.toSorted((a, b) => b.record.timestampMs - a.record.timestampMs);
    const kept: FoundRecord[] = [];
    let bytes = 0;
    for (const each of newest) {
      const size = recordSizeBytes(each.record);
      // One is always kept, whatever its size.
      if (kept.length === this.#max || (kept.length > 0 && bytes + size > this.#maxBytes)) break;
      kept.push(each);
      bytes += size;
    }
    this.#leftOut += newest.length - kept.length;
    this.#found = kept;
    this.#bytes = bytes;
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
