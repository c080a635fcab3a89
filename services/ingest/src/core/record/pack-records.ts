/**
 * Records as one block of bytes and a list of numbers. Threads hand these over without a copy; as objects, thousands of
 * records would be copied one by one.
 */
import type { OutgoingRecord } from '@astrolabe/records';
import { present } from '@astrolabe/service-kit/errors';

export interface PackedRecords {
  readonly count: number;
  /** Keys, values and headers of all records, one after the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /**
   * For each record: the lengths of its key and its value (`ABSENT` for null) and the number of its headers; then for
   * each header the index of its name, and the length of its value or, below zero, the index of a shared one.
   */
  readonly layout: Int32Array<ArrayBuffer>;
  readonly names: readonly string[];
  /** Header values that more than one record has. */
  readonly shared: readonly Uint8Array[];
}

const ABSENT = -1;

/** Records without a `partition`. A header value that records share as an object, they share afterwards. */
export function packRecords(records: readonly OutgoingRecord[]): PackedRecords {
  const shared = findShared(records);
  const names = new Map<string, number>();
  const layout: number[] = [];
  const parts: Buffer[] = [];
  const add = (part: Buffer | null): void => {
    layout.push(part === null ? ABSENT : part.length);
    if (part !== null) parts.push(part);
  };
  for (const { key, value, headers } of records) {
    add(key);
    add(value);
    const entries = Object.entries(headers);
    layout.push(entries.length);
    for (const [name, header] of entries) {
      const nameIndex = names.get(name) ?? names.size;
      names.set(name, nameIndex);
      layout.push(nameIndex);
      const sharedIndex = shared.get(header);
      if (sharedIndex === undefined) add(header);
      else layout.push(-1 - sharedIndex);
    }
  }
  return {
    count: records.length,
    bytes: joined(parts),
    layout: Int32Array.from(layout),
    names: [...names.keys()],
    shared: [...shared.keys()],
  };
}

export function unpackRecords({ count, bytes, layout, names, shared }: PackedRecords): OutgoingRecord[] {
  const block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sharedValues = shared.map((value) => Buffer.from(value));
  let at = 0;
  let from = 0;
  const next = (): number => present(layout[at++], 'a number of packed records');
  const take = (length: number): Buffer => block.subarray(from, (from += length));
  const takeNullable = (length: number): Buffer | null => (length === ABSENT ? null : take(length));
  return Array.from({ length: count }, (): OutgoingRecord => {
    const key = takeNullable(next());
    const value = takeNullable(next());
    const headers: Record<string, Buffer> = {};
    for (let left = next(); left > 0; left -= 1) {
      const name = present(names[next()], 'the name of a packed header');
      const length = next();
      headers[name] = length < 0 ? present(sharedValues[-1 - length], 'a shared header') : take(length);
    }
    return { key, value, headers };
  });
}

/** Header values that occur again, by identity: those of the request and of this service. */
function findShared(records: readonly OutgoingRecord[]): ReadonlyMap<Buffer, number> {
  const shared = new Map<Buffer, number>();
  const seen = new Set<Buffer>();
  for (const { headers } of records) {
    for (const name in headers) {
      const value = present(headers[name], 'a header');
      if (seen.has(value)) {
        if (!shared.has(value)) shared.set(value, shared.size);
      } else seen.add(value);
    }
  }
  return shared;
}

/** In a block of its own, which can be handed over. */
function joined(parts: readonly Buffer[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let to = 0;
  for (const part of parts) {
    bytes.set(part, to);
    to += part.length;
  }
  return bytes;
}
