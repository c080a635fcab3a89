/**
 * Text that others sent, for people to read: what would not be seen, or would change how the rest is read (controls,
 * directions, halves of pairs), becomes a visible mark. Pure.
 */

export type VisibleSegment =
  | { readonly kind: 'plain'; readonly text: string }
  /** `shown`: `U+202E`; `name`: what it would have done. */
  | { readonly kind: 'mark'; readonly shown: string; readonly name: string };

/**
 * C0 and C1 controls but tab and line feed; directions; zero-width and other invisible characters; separators that
 * break lines; tags; halves of surrogate pairs. What joins or colours an emoji is left to it.
 */
const HIDDEN = new RegExp(
  [
    String.raw`[\0-\x08\x0b-\x1f\x7f-\x9f\xad]`,
    String.raw`\u034f|\u061c|[\u115f\u1160]|[\u17b4\u17b5]|[\u180b-\u180f]`,
    String.raw`\u200b|\u200c|\u200e|\u200f|[\u2028-\u202e]|[\u2060-\u206f]|\u3164|[\ufe00-\ufe0e]|\ufeff|\uffa0|[\ufff0-\ufffb]`,
    String.raw`[\u{e0000}-\u{e0fff}]`,
    String.raw`(?<!\p{Extended_Pictographic})\ufe0f`,
    String.raw`(?<!\p{Extended_Pictographic}(?:\ufe0f|[\u{1f3fb}-\u{1f3ff}])?)\u200d`,
    String.raw`\p{Surrogate}`,
  ].join('|'),
  'gu',
);

const NAMES: ReadonlyMap<number, string> = new Map([
  [0x00, 'null'],
  [0x08, 'backspace'],
  [0x0d, 'carriage return'],
  [0x1b, 'escape'],
  [0x7f, 'delete'],
  [0xad, 'soft hyphen'],
  [0x061c, 'Arabic direction mark'],
  [0x200b, 'zero-width space'],
  [0x200c, 'zero-width non-joiner'],
  [0x200d, 'zero-width joiner'],
  [0x200e, 'left-to-right mark'],
  [0x200f, 'right-to-left mark'],
  [0x2028, 'line separator'],
  [0x2029, 'paragraph separator'],
  [0x202a, 'left-to-right embedding'],
  [0x202b, 'right-to-left embedding'],
  [0x202c, 'end of a direction'],
  [0x202d, 'left-to-right override'],
  [0x202e, 'right-to-left override'],
  [0x2060, 'word joiner'],
  [0x2066, 'left-to-right isolate'],
  [0x2067, 'right-to-left isolate'],
  [0x2068, 'isolate'],
  [0x2069, 'end of an isolate'],
  [0xfeff, 'byte order mark'],
]);

export function visibleSegments(text: string): readonly VisibleSegment[] {
  const segments: VisibleSegment[] = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(HIDDEN)) {
    if (index > end) segments.push({ kind: 'plain', text: text.slice(end, index) });
    segments.push(markOf(found));
    end = index + found.length;
  }
  if (end < text.length) segments.push({ kind: 'plain', text: text.slice(end) });
  return segments;
}

/** The same in one string, for titles and labels, which cannot hold elements. */
export function visibleText(text: string): string {
  return visibleSegments(text)
    .map((segment) => (segment.kind === 'plain' ? segment.text : `⟨${segment.shown}⟩`))
    .join('');
}

function markOf(character: string): VisibleSegment {
  const point = character.codePointAt(0) ?? 0;
  const shown = `U+${point.toString(16).toUpperCase().padStart(4, '0')}`;
  return { kind: 'mark', shown, name: NAMES.get(point) ?? nameOfRange(point) };
}

function nameOfRange(point: number): string {
  if (point >= 0xd800 && point <= 0xdfff) return 'half of a surrogate pair';
  if (point < 0x20 || (point >= 0x7f && point < 0xa0)) return 'control character';
  if (point >= 0xfe00 && point <= 0xfe0f) return 'variation selector';
  return 'invisible character';
}

/** The first `maxLength` characters; a pair of surrogates is not cut in two. */
export function cutText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const last = text.charCodeAt(maxLength - 1);
  const isPairCut = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, isPairCut ? maxLength - 1 : maxLength);
}
