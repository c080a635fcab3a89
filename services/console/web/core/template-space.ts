/**
 * Whitespace in templates of markup as HTML has it: a line break between two things is a blank. The library that reads
 * the templates would drop it, and join words that a formatter has put on two lines. Pure.
 */

/** The static parts of a template. A line break at its very beginning or end is layout. */
export function withHtmlSpace(parts: readonly string[]): readonly string[] {
  return parts.map((part, index) => {
    const begun = index === 0 ? part.replace(/^\s*\n\s*/, '') : part;
    const ended = index === parts.length - 1 ? begun.replace(/\s*\n\s*$/, '') : begun;
    return ended.replaceAll(/\s*\n\s*/g, ' ');
  });
}
