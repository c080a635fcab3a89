/**
 * JSON as its sender wrote it, laid out for reading. The text is cut into tokens and never parsed: no number is
 * rounded, no member is dropped, no escape is resolved. What is not JSON is cut into tokens all the same. Pure.
 */
import { cutText } from './visible-text.ts';

export type TokenKind = 'name' | 'string' | 'number' | 'word' | 'open' | 'close' | 'comma' | 'colon' | 'other';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

/** Whitespace of JSON, which is dropped. Any other blank is part of a token. */
const SPACE = /[ \t\n\r]+/y;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.+-])/y;
const WORD = /(?:true|false|null)(?![\w.+-])/y;
const OTHER = /[^ \t\n\r"{}[\],:]+/y;

const PUNCTUATION: ReadonlyMap<string, TokenKind> = new Map([
  ['{', 'open'],
  ['[', 'open'],
  ['}', 'close'],
  [']', 'close'],
  [',', 'comma'],
  [':', 'colon'],
]);

/** Every character of `text` but whitespace between tokens, in order. */
export function* tokensOf(text: string): Generator<Token, void> {
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  while (at < text.length) {
    if (take(SPACE) !== undefined) continue;
    const mark = text.charAt(at);
    const punctuation = PUNCTUATION.get(mark);
    if (punctuation !== undefined) {
      at += 1;
      yield { kind: punctuation, text: mark };
      continue;
    }
    if (mark === '"') {
      const string = takeString(text, at);
      at += string.length;
      yield { kind: isFollowedByColon(text, at) ? 'name' : 'string', text: string };
      continue;
    }
    const number = take(NUMBER);
    if (number !== undefined) yield { kind: 'number', text: number };
    else {
      const word = take(WORD);
      if (word !== undefined) yield { kind: 'word', text: word };
      else yield { kind: 'other', text: take(OTHER) ?? '' };
    }
  }
}

/** By hand: a pattern with alternatives would need a stack as deep as a string of a megabyte is long. */
function takeString(text: string, start: number): string {
  let at = start + 1;
  while (at < text.length) {
    const character = text.charCodeAt(at);
    if (character === 0x22) return text.slice(start, at + 1);
    at += character === 0x5c ? 2 : 1;
  }
  return text.slice(start);
}

function isFollowedByColon(text: string, from: number): boolean {
  SPACE.lastIndex = from;
  const space = SPACE.exec(text)?.[0].length ?? 0;
  return text.charAt(from + space) === ':';
}

export interface TextLine {
  /** In steps of two characters. */
  readonly indent: number;
  readonly tokens: readonly Token[];
}

export interface LaidOutText {
  readonly lines: readonly TextLine[];
  /** Whether the text goes on behind them. */
  readonly isCut: boolean;
}

/** Deeper ones are not moved further: a text of brackets alone must not become a square of blanks. */
const MAX_INDENT = 24;

/** One member or element a line, until `maxLines` lines or `maxLength` characters are full. */
export function layOut(text: string, { maxLines, maxLength }: TextBounds): LaidOutText {
  const lines: TextLine[] = [];
  let depth = 0;
  let lineDepth = 0;
  let length = 0;
  let tokens: Token[] = [];
  let before: TokenKind | undefined;
  const endLine = (): void => {
    if (tokens.length === 0) return;
    lines.push({ indent: Math.min(lineDepth, MAX_INDENT), tokens });
    tokens = [];
  };
  for (const token of tokensOf(text)) {
    const isEmptyPair = token.kind === 'close' && before === 'open';
    if (token.kind === 'close') {
      depth = Math.max(0, depth - 1);
      if (!isEmptyPair) endLine();
    } else if (before === 'open' || before === 'comma') endLine();
    if (lines.length >= maxLines) return { lines, isCut: true };
    if (tokens.length === 0) lineDepth = depth;
    if (length + token.text.length > maxLength) {
      tokens.push({ ...token, text: cutText(token.text, maxLength - length) });
      endLine();
      return { lines, isCut: true };
    }
    tokens.push(token);
    length += token.text.length;
    if (token.kind === 'open') depth += 1;
    before = token.kind;
  }
  endLine();
  return { lines, isCut: false };
}

export interface TextBounds {
  readonly maxLines: number;
  readonly maxLength: number;
}

/** Whether laying out helps: the text looks like an object or a list. */
export function looksLikeJson(text: string): boolean {
  return /^[ \t\n\r]*[{[]/.test(text);
}

/** What stands before a token on its line: a blank behind a colon, and between values that lack their comma. */
export function gapBefore(before: Token | undefined, { kind }: Token): '' | ' ' {
  if (before === undefined) return '';
  if (before.kind === 'colon') return ' ';
  return isValue(before.kind) && (isValue(kind) || kind === 'open') ? ' ' : '';
}

function isValue(kind: TokenKind): boolean {
  return kind === 'name' || kind === 'string' || kind === 'number' || kind === 'word' || kind === 'other';
}

export function lineText({ indent, tokens }: TextLine): string {
  const texts = tokens.map((token, index) => gapBefore(tokens[index - 1], token) + token.text);
  return '  '.repeat(indent) + texts.join('');
}

/** All of it, laid out. */
export function prettyText(text: string): string {
  const bounds = { maxLines: Number.POSITIVE_INFINITY, maxLength: Number.POSITIVE_INFINITY };
  return layOut(text, bounds).lines.map(lineText).join('\n');
}

/** All of it on one line, as a line of an export. Values that lack their comma stay apart. */
export function oneLine(text: string): string {
  return lineText({ indent: 0, tokens: [...tokensOf(text)] });
}

/** `text` without the whitespace between its tokens. */
export function withoutSpace(text: string): string {
  return Array.from(tokensOf(text), (token) => token.text).join('');
}
