/**
 * Whether a body is read on the thread that everybody shares, or on one of its own. What a body costs cannot be known
 * without parsing it; what it can cost at most can be told from its bytes. Each event, and each value that nests,
 * begins with a bracket; strings and numbers cost little for their length.
 */

/** A batch of a hundred ordinary events has 35 to 60 kB. */
export const MAX_INLINE_BYTES = 65_536;
/** Six in an ordinary event. The most that so many can cost is a thousand rejected events, a few milliseconds. */
export const MAX_INLINE_BRACKETS = 1_024;

/** Looks at no more than `MAX_INLINE_BYTES`, each once. Brackets inside strings count as well. */
export function isReadInline(body: Uint8Array): boolean {
  const { length } = body;
  if (length > MAX_INLINE_BYTES) return false;
  if (length <= MAX_INLINE_BRACKETS) return true;
  let brackets = 0;
  for (let at = 0; at < length; at += 1) {
    // The two differ in one bit.
    if (((body[at] ?? 0) | BRACE_BIT) === OPEN_BRACE) brackets += 1;
  }
  return brackets <= MAX_INLINE_BRACKETS;
}

const BRACE_BIT = 0x20;
const OPEN_BRACE = 0x7b;
