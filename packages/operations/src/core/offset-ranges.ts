/** Ranges of offsets as an operator types them: `0:100-200,1:5-`. Pure. */

/** Offsets of one partition, both ends included. */
export interface OffsetRange {
  readonly partition: number;
  readonly firstOffset: bigint;
  /** Undefined: to the end. */
  readonly lastOffset: bigint | undefined;
}

export type ParsedOffsetRanges =
  | { readonly kind: 'ranges'; readonly ranges: readonly OffsetRange[] }
  | { readonly kind: 'invalid'; readonly reason: string };

const item = /^(\d{1,9}):(?:(\d{1,18})|(\d{0,18})-(\d{0,18}))$/;

/**
 * Items separated by commas, each `partition:first-last`, with one of the ends left out for "from the beginning" or "to
 * the end", or `partition:offset` for one record. Ranges come in order, and those that overlap or meet as one.
 */
export function parseOffsetRanges(text: string): ParsedOffsetRanges {
  const ranges: OffsetRange[] = [];
  for (const part of text.split(',').map((each) => each.trim())) {
    const match = item.exec(part);
    if (match === null) return invalid(`"${part}" is not a range; use partition:first-last, as in 0:100-200,1:5-`);
    const [, partition, single, first = '', last = ''] = match;
    const firstOffset = BigInt(single ?? (first === '' ? '0' : first));
    const lastOffset = single !== undefined ? firstOffset : last === '' ? undefined : BigInt(last);
    if (lastOffset !== undefined && lastOffset < firstOffset) return invalid(`"${part}" ends before it begins`);
    ranges.push({ partition: Number(partition), firstOffset, lastOffset });
  }
  return { kind: 'ranges', ranges: joinRanges(ranges) };
}

/** Whether an offset lies in one of the ranges. */
export function isInRanges(ranges: readonly OffsetRange[], partition: number, offset: bigint): boolean {
  return ranges.some(
    (range) =>
      range.partition === partition &&
      offset >= range.firstOffset &&
      (range.lastOffset === undefined || offset <= range.lastOffset),
  );
}

/** Offsets as short text that `parseOffsetRanges` reads again: `3-7,9` of one partition. */
export function formatOffsets(offsets: readonly bigint[]): string {
  const runs: { first: bigint; last: bigint }[] = [];
  for (const offset of offsets.toSorted(compareBigInts)) {
    const run = runs.at(-1);
    if (run !== undefined && offset <= run.last + 1n) run.last = offset;
    else runs.push({ first: offset, last: offset });
  }
  return runs.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

export function compareBigInts(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function joinRanges(ranges: readonly OffsetRange[]): OffsetRange[] {
  const sorted = ranges.toSorted((a, b) => a.partition - b.partition || compareBigInts(a.firstOffset, b.firstOffset));
  const joined: OffsetRange[] = [];
  for (const range of sorted) {
    const before = joined.at(-1);
    if (before?.partition !== range.partition || !meets(before.lastOffset, range.firstOffset)) joined.push(range);
    else joined[joined.length - 1] = { ...before, lastOffset: laterEnd(before.lastOffset, range.lastOffset) };
  }
  return joined;
}

function meets(lastOffset: bigint | undefined, nextFirst: bigint): boolean {
  return lastOffset === undefined || nextFirst <= lastOffset + 1n;
}

function laterEnd(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  if (a === undefined || b === undefined) return undefined;
  return a > b ? a : b;
}

function invalid(reason: string): ParsedOffsetRanges {
  return { kind: 'invalid', reason };
}
