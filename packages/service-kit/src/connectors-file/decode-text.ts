/** Decodes the bytes of a file that people edit. Pure. */

export type DecodedText =
  | { readonly kind: 'text'; readonly text: string }
  /** `encoding` is a name for people: `UTF-16 (little-endian)`. */
  | { readonly kind: 'other-encoding'; readonly encoding: string };

const LOOKED_AT_BYTES = 512;

/**
 * UTF-8, without the byte order mark that some editors put first. UTF-16 and UTF-32 are recognised by their mark, or by
 * the zero bytes of ASCII characters: read as UTF-8, they would be refused for an invisible character.
 */
export function decodeText(bytes: Buffer): DecodedText {
  const encoding = otherEncodingOf(bytes);
  if (encoding !== undefined) return { kind: 'other-encoding', encoding };
  const text = bytes.toString('utf8');
  return { kind: 'text', text: text.startsWith('\ufeff') ? text.slice(1) : text };
}

/** Name of the encoding if the bytes are text in an encoding other than UTF-8; undefined otherwise. */
export function otherEncodingOf(bytes: Buffer): string | undefined {
  const starts = (...mark: number[]): boolean => mark.every((byte, at) => bytes[at] === byte);
  if (starts(0xff, 0xfe, 0, 0)) return 'UTF-32 (little-endian)';
  if (starts(0, 0, 0xfe, 0xff)) return 'UTF-32 (big-endian)';
  if (starts(0xff, 0xfe)) return 'UTF-16 (little-endian)';
  if (starts(0xfe, 0xff)) return 'UTF-16 (big-endian)';
  const head = bytes.subarray(0, LOOKED_AT_BYTES);
  const zeros = [0, 0];
  for (const [at, byte] of head.entries()) if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  const most = head.length / 4;
  if (odd > most && even === 0) return 'UTF-16 (little-endian)';
  if (even > most && odd === 0) return 'UTF-16 (big-endian)';
  return undefined;
}
