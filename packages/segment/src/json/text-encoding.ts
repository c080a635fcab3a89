/**
 * Decodes bytes that should be JSON text, or says why they are not. RFC 8259 section 8.1: JSON that systems exchange is
 * UTF-8. A decoder that replaces invalid bytes with U+FFFD would make one user of `ren\xE9` and `ren\xE8`.
 */
import { isUtf8 } from 'node:buffer';

export type DecodedText =
  /** `bytes` and `text` are the same without the byte order mark, if there was one. */
  | { readonly kind: 'text'; readonly bytes: Buffer; readonly text: string }
  /** `reason` reads after "the body", "the line" or "the value": what is wrong, and what to do. */
  | { readonly kind: 'not-utf8'; readonly reason: string };

/**
 * One byte order mark at the beginning is ignored, as RFC 8259 allows; a second one is an ordinary character. Linear,
 * never throws.
 */
export function decodeUtf8(bytes: Buffer): DecodedText {
  if (!isUtf8(bytes)) return { kind: 'not-utf8', reason: explainNotUtf8(bytes) };
  const content = bytes.subarray(startOfText(bytes));
  if (beginsAsUtf16(content)) return { kind: 'not-utf8', reason: `is not UTF-8 but looks like UTF-16; ${REMEDY}` };
  return { kind: 'text', bytes: content, text: content.toString('utf8') };
}

const MARK_BYTES = 3;
const REMEDY = 'JSON must be sent as UTF-8 (RFC 8259 section 8.1): encode the text as UTF-8';

/** Longer marks first: that of UTF-32 begins with that of UTF-16. */
const otherMarks: readonly (readonly [encoding: string, mark: readonly number[]])[] = [
  ['UTF-32 (little endian)', [0xff, 0xfe, 0, 0]],
  ['UTF-32 (big endian)', [0, 0, 0xfe, 0xff]],
  ['UTF-16 (little endian)', [0xff, 0xfe]],
  ['UTF-16 (big endian)', [0xfe, 0xff]],
];

function explainNotUtf8(bytes: Buffer): string {
  const [encoding] = otherMarks.find(([, mark]) => mark.every((byte, at) => bytes[at] === byte)) ?? [];
  if (encoding !== undefined) return `begins with the byte order mark of ${encoding}; ${REMEDY}`;
  const at = firstInvalidByte(bytes);
  const shown = (bytes[at] ?? 0).toString(16).toUpperCase().padStart(2, '0');
  return `is not UTF-8: byte 0x${shown} at position ${at} is not part of any character; ${REMEDY}`;
}

/** A decoder writes U+FFFD for invalid bytes, and also if the text itself contains that character. */
function firstInvalidByte(bytes: Buffer): number {
  const text = bytes.toString('utf8');
  let at = 0;
  let from = 0;
  for (let found = text.indexOf(REPLACEMENT); found !== -1; found = text.indexOf(REPLACEMENT, from)) {
    at += Buffer.byteLength(text.slice(from, found));
    if (!isReplacement(bytes, at)) break;
    at += REPLACEMENT_BYTES;
    from = found + 1;
  }
  return at;
}

const REPLACEMENT = '\ufffd';
const REPLACEMENT_BYTES = 3;

function isReplacement(bytes: Buffer, at: number): boolean {
  return bytes[at] === 0xef && bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd;
}

const JSON_BEGINNINGS = Buffer.from('{["\t\n\r ');

/** Without a mark, UTF-16 in a Latin alphabet is valid UTF-8 with a zero byte for each character, which is not JSON. */
function beginsAsUtf16(bytes: Buffer): boolean {
  const [first, second] = bytes;
  const other = first === 0 ? second : second === 0 ? first : undefined;
  return other !== undefined && JSON_BEGINNINGS.includes(other);
}

/** After the byte order mark of UTF-8, if there is one. */
export function startOfText(bytes: Buffer): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? MARK_BYTES : 0;
}
