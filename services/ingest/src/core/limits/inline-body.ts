/**
 * Whether a body is read on the thread that everybody shares, or on one of its own. What a body costs cannot be known
 * without parsing it; what it can cost at most can be told from its bytes. Each event, and each value that nests,
 * begins with a bracket; strings and numbers cost little for their length.
 */

/** A batch of a hundred ordinary events has 35 to 60 kB. */
export const MAX_INLINE_BYTES = 65_536;
/** Six in an ordinary event. The most that so many can cost is a thousand rejected events, a few milliseconds. */
export const MAX_INLINE_BRACKETS = 1_024;

/** Brackets inside strings count as well. */
export function isReadInline(body: Buffer): boolean {
  const { length } = body;
  if (length > MAX_INLINE_BYTES) return false;
  if (length <= MAX_INLINE_BRACKETS) return true;
  let brackets = 0;
  for (const bracket of OPENING) {
    // Twice as fast as a loop over the bytes.
    for (let at = body.indexOf(bracket); at !== -1; at = body.indexOf(bracket, at + 1)) {
      brackets += 1;
      if (brackets > MAX_INLINE_BRACKETS) return false;
    }
  }
  return true;
}

const OPENING = [0x7b, 0x5b];
