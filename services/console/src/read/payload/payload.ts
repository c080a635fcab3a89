/**
 * Stored values as they are shown: as their own text, which nobody parses, so that no number is rounded. The one place
 * that masks.
 */
import { isUtf8 } from 'node:buffer';
import type { Payload } from '../shapes/values.ts';

/** What of a text must not be seen, by the operator's configuration. The text itself where nothing is masked. */
export type MaskText = (text: string) => string;

/** Nothing is masked. */
export const showAll: MaskText = (text) => text;

const DEFAULT_MAX_CHARACTERS = 2_000_000;

export function toPayload(value: Buffer | null | undefined, mask: MaskText, maxCharacters?: number): Payload {
  if (value == null) return { kind: 'none' };
  if (!isUtf8(value)) return bytesPayload(value, 'it is not UTF-8', mask, maxCharacters);
  return textPayload(value.toString('utf8'), mask, maxCharacters);
}

export function textPayload(text: string, mask: MaskText, maxCharacters = DEFAULT_MAX_CHARACTERS): Payload {
  return cutText(mask(text), maxCharacters);
}

/** Of a text that is masked already. */
export function cutText(text: string, maxCharacters: number): Payload {
  if (text.length <= maxCharacters) return { kind: 'text', text };
  // Between the halves of a pair there would be a character that is not one.
  const isPair = /[\uD800-\uDBFF]/.test(text.charAt(maxCharacters - 1));
  const end = isPair ? maxCharacters - 1 : maxCharacters;
  return { kind: 'text', text: beginningOf(text, end), left: text.length - end };
}

/** A copy: what `slice` gives keeps the whole text in memory, which may be megabytes. */
export function beginningOf(text: string, characters: number): string {
  if (text.length <= characters) return text;
  return Buffer.from(text.slice(0, characters), 'utf16le').toString('utf16le');
}

/** Where something is masked, bytes are hidden as a whole: in Avro, texts can be read as they are. */
export function bytesPayload(
  bytes: Buffer,
  reason: string,
  mask: MaskText,
  maxBytes = DEFAULT_MAX_CHARACTERS,
): Payload {
  const text = bytes.toString('latin1');
  const masked = mask(text);
  if (masked !== text) return cutText(masked, maxBytes);
  const shown = bytes.subarray(0, maxBytes);
  const left = bytes.length - shown.length;
  return { kind: 'bytes', base64: shown.toString('base64'), reason, ...(left === 0 ? {} : { left }) };
}
