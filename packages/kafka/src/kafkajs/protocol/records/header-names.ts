/**
 * Names of headers as text. All records of a topic have the same few. To find a name that was read before by its bytes
 * costs less than half of decoding it again, and leaves one string instead of one for each record.
 */

interface KnownName {
  readonly bytes: Uint8Array;
  readonly text: string;
}

const SLOTS = 256;
/** Longer names are not kept, so that senders cannot fill the memory with them. */
const MAX_KNOWN_BYTES = 64;

/** One name for each slot, the last one that was read there. */
const known: (KnownName | undefined)[] = new Array<KnownName | undefined>(SLOTS).fill(undefined);

/** The name that is at `start` of the bytes and ends before `end`. */
export function headerNameIn(bytes: Buffer, start: number, end: number): string {
  const length = end - start;
  if (length <= 0 || length > MAX_KNOWN_BYTES || end > bytes.length) return bytes.toString('utf8', start, end);
  const slot = slotOf(bytes, start, end);
  const name = known[slot];
  if (name !== undefined && isAt(bytes, start, end, name.bytes)) return name.text;
  const text = bytes.toString('utf8', start, end);
  known[slot] = { bytes: Uint8Array.from(bytes.subarray(start, end)), text };
  return text;
}

/** The first byte, the last one and the one in the middle tell names apart that begin or end alike. */
function slotOf(bytes: Buffer, start: number, end: number): number {
  const first = bytes[start] ?? 0;
  const middle = bytes[(start + end) >>> 1] ?? 0;
  const last = bytes[end - 1] ?? 0;
  return (first + 7 * middle + 31 * last + 61 * (end - start)) % SLOTS;
}

function isAt(bytes: Buffer, start: number, end: number, name: Uint8Array): boolean {
  if (name.length !== end - start) return false;
  for (let index = 0; index < name.length; index += 1) if (bytes[start + index] !== name[index]) return false;
  return true;
}
