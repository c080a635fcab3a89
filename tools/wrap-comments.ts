/**
 * Wraps comments with lines of more than 120 columns: `node tools/wrap-comments.ts FILE...`. Prettier leaves comments
 * as they are. Only the paragraphs that are too wide change; items of a list keep their indentation.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const MAX_COLUMNS = 120;

/** A comment's lines without its marks. */
interface Comment {
  readonly indent: string;
  readonly kind: 'line' | 'block';
  readonly opening: string;
  readonly lines: readonly string[];
}

for (const path of process.argv.slice(2)) {
  const before = readFileSync(path, 'utf8');
  const after = wrapComments(before);
  if (after !== before) writeFileSync(path, after);
}

function wrapComments(text: string): string {
  const lines = text.split('\n');
  const out: string[] = [];
  let next = 0;
  while (next < lines.length) {
    const start = next;
    const comment = readComment(lines, start);
    next += comment?.taken ?? 1;
    const own = lines.slice(start, next);
    const isTooWide = own.some((line) => line.length > MAX_COLUMNS && !/https?:\/\/|eslint-/.test(line));
    out.push(...(comment !== undefined && isTooWide ? write(comment.comment) : own));
  }
  return out.join('\n');
}

function readComment(
  lines: readonly string[],
  from: number,
): { readonly comment: Comment; readonly taken: number } | undefined {
  const [, indent = '', mark = ''] = /^(\s*)(\/\/(?=\s)|\/\*\*?(?=\s|$))/.exec(lines[from] ?? '') ?? [];
  if (mark === '') return undefined;
  if (mark === '//') {
    const end = lines.findIndex((line, index) => index > from && !line.startsWith(`${indent}// `));
    const own = lines.slice(from, end === -1 ? lines.length : end);
    const texts = own.map((line) => line.slice(indent.length + 3));
    return { comment: { indent, kind: 'line', opening: '//', lines: texts }, taken: own.length };
  }
  const end = lines.findIndex((line, index) => index >= from && line.trimEnd().endsWith('*/'));
  if (end === -1) return undefined;
  const texts = lines.slice(from, end + 1).map((line, index) =>
    line
      .replace(index === 0 ? /^\s*\/\*\*?\s?/ : /^\s*\*(?!\/)\s?/, '')
      .replace(/\s*\*\/\s*$/, '')
      .trimEnd(),
  );
  while (texts.at(-1) === '') texts.pop();
  if (texts[0] === '') texts.shift();
  return { comment: { indent, kind: 'block', opening: mark, lines: texts }, taken: end + 1 - from };
}

function write({ indent, kind, opening, lines }: Comment): readonly string[] {
  const prefix = kind === 'line' ? `${indent}// ` : `${indent} * `;
  const wrapped = paragraphs(lines).flatMap((paragraph) => wrapParagraph(paragraph, MAX_COLUMNS - prefix.length));
  const body = wrapped.map((line) => `${prefix}${line}`.trimEnd());
  return kind === 'line' ? body : [`${indent}${opening}`, ...body, `${indent} */`];
}

/** Lines that belong together: a new one begins after an empty line, at an item of a list, and at a tag. */
function paragraphs(lines: readonly string[]): readonly (readonly string[])[] {
  const found: string[][] = [];
  let isOpen = false;
  for (const line of lines) {
    const begins = line === '' || /^\s*([-*|@]|\d+\.\s)/.test(line);
    if (begins || !isOpen) found.push([line]);
    else found.at(-1)?.push(line);
    isOpen = line !== '';
  }
  return found;
}

function wrapParagraph(lines: readonly string[], width: number): readonly string[] {
  if (lines.every((line) => line.length <= width)) return lines;
  const [first = ''] = lines;
  const [lead = ''] = /^\s*(?:[-*]\s+|\d+\.\s+)?/.exec(first) ?? [];
  const words = lines.flatMap((line) => line.trim().split(/\s+/));
  const hanging = ' '.repeat(lead.length);
  const out: string[] = [];
  let line = /^\s*/.exec(first)?.[0] ?? '';
  let isEmpty = true;
  for (const word of words) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      out.push(line);
      line = `${hanging}${word}`;
    } else {
      line = isEmpty ? `${line}${word}` : `${line} ${word}`;
    }
    isEmpty = false;
  }
  return [...out, line];
}
