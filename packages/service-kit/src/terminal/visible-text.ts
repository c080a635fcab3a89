/**
 * Text of senders, of the API, of files and of topics as a terminal may show it. A terminal obeys control characters
 * (colours, titles, the clipboard, lines that overwrite others), and invisible characters make it show text in another
 * order, or not at all. All of them become visible escapes. Pure.
 */

/**
 * Control characters (C0, DEL, C1), format characters (bidirectional overrides, zero-width ones, tags), line and
 * paragraph separators, lone surrogates, private-use characters, and everything else that is invisible (fillers,
 * variation selectors).
 */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}]/gu;
/** The same beyond ASCII. In JSON such a character is part of a string, where its escape is the same character. */
const invisibleInJson = /[\u007f\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}\u0080-\u009f]/gu;

/** One line: a line break within it is made visible as well, so that foreign text cannot fake a line of our output. */
export function visibleLine(text: string): string {
  return text.replace(invisible, escapeOf);
}

/** Text of several lines, as our messages are. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visibleLine).join('\n');
}

/** JSON text of the same value, in which every character can be seen. */
export function visibleJson(json: string): string {
  return json.replace(invisibleInJson, (character) =>
    Array.from({ length: character.length }, (_, at) => unitEscape(character.charCodeAt(at))).join(''),
  );
}

/** `\u001b`; beyond the first plane `\u{e0001}`. */
function escapeOf(character: string): string {
  const codePoint = character.codePointAt(0) ?? 0;
  return codePoint > 0xffff ? `\\u{${codePoint.toString(16)}}` : unitEscape(codePoint);
}

function unitEscape(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
