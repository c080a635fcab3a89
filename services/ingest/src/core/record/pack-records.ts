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
   * each header the index of its name and the length of its value, or `REPEATED`.
   */
  readonly layout: Int32Array<ArrayBuffer>;
  readonly names: readonly string[];
}

const ABSENT = -1;
/** The value is that of the last record before with this header, in the same buffer: one of the request's. */
const REPEATED = -1;

/** Records without a `partition`. */
export function packRecords(records: readonly OutgoingRecord[]): PackedRecords {
  const names = new Map<string, number>();
  const lastValues: Buffer[] = [];
  const layout: number[] = [];
  const parts: Buffer[] = [];
  const add = (part: Buffer | null): void => {
    layout.push(part === null ? ABSENT : part.length);
    if (part !== null) parts.push(part);
  };
  for (const { key, value, headers } of records) {
    add(key);
    add(value);
    const countAt = layout.push(0) - 1;
    let count = 0;
    for (const name in headers) {
      const header = present(headers[name], 'a header');
      let index = names.get(name);
      if (index === undefined) names.set(name, (index = names.size));
      layout.push(index);
      if (lastValues[index] === header) {
        layout.push(REPEATED);
      } else {
        lastValues[index] = header;
        add(header);
      }
      count += 1;
    }
    layout[countAt] = count;
  }
  return { count: records.length, bytes: joined(parts), layout: Int32Array.from(layout), names: [...names.keys()] };
}

export function unpackRecords({ count, bytes, layout, names }: PackedRecords): OutgoingRecord[] {
  const block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lastValues: Buffer[] = [];
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
      const index = next();
      const length = next();
      const header = length === REPEATED ? present(lastValues[index], 'a repeated header') : take(length);
      lastValues[index] = header;
      headers[present(names[index], 'the name of a packed header')] = header;
    }
    return { key, value, headers };
  });
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
