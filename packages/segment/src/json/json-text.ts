/**
 * Spans of valid JSON text, in UTF-8 bytes: where the members of an object and the elements of an array begin and end.
 * Used to cut a batch into its items' own text and to splice additions in, so that nothing is serialised again and no
 * number, escape or key order changes.
 *
 * Everything here assumes bytes that `JSON.parse` has accepted, and looks at each byte once. JSON's structural
 * characters are ASCII, and no byte of a longer UTF-8 sequence is, so bytes may be compared without decoding.
 */

/** Half-open range of bytes. */
export interface JsonSpan {
  readonly start: number;
  readonly end: number;
}

/** A scanned value: its span, how deep it nests and how many members its objects hold, nested ones included. */
export interface MeasuredSpan extends JsonSpan {
  /** 0 for a scalar, 1 for a flat object or array. */
  readonly depth: number;
  readonly members: number;
}

/** One member of an object. `nameStart` is the index of the name's opening quote, `start`..`end` the value's span. */
export interface JsonMember extends JsonSpan {
  readonly name: string;
  readonly nameStart: number;
}

/** Index of the first byte from `at` on that is not JSON whitespace. */
export function skipWhitespace(bytes: Uint8Array, at: number): number {
  let byte = bytes[at];
  while (byte === SPACE || byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === TAB) byte = bytes[++at];
  return at;
}

/** Measures the value that starts at `start` (its first byte, not whitespace). */
export function measureValue(bytes: Uint8Array, start: number): MeasuredSpan {
  const first = bytes[start];
  if (first === QUOTE) return { start, end: endOfString(bytes, start), depth: 0, members: 0 };
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) {
    return { start, end: endOfWord(bytes, start), depth: 0, members: 0 };
  }
  const { length } = bytes;
  let level = 1;
  let depth = 1;
  let members = 0;
  let at = start + 1;
  for (; at < length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      // endOfString by hand: this loop sees most bytes of every request.
      for (at += 1; at < length; at += 1) {
        const character = bytes[at];
        if (character === QUOTE) break;
        if (character === BACKSLASH) at += 1;
      }
    } else if (byte === COLON) {
      members += 1;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      level += 1;
      if (level > depth) depth = level;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      level -= 1;
      if (level === 0) return { start, end: at + 1, depth, members };
    }
  }
  throw new RangeError(`the JSON text ends inside the value at byte ${start}`);
}

/**
 * Spans of an array's elements, in order; `start` is the index of its opening bracket. Returns the index after the
 * array.
 */
export function readElements(bytes: Uint8Array, start: number, elements: MeasuredSpan[]): number {
  let at = skipWhitespace(bytes, start + 1);
  if (bytes[at] === CLOSE_BRACKET) return at + 1;
  for (;;) {
    const element = measureValue(bytes, at);
    elements.push(element);
    at = skipWhitespace(bytes, element.end);
    if (bytes[at] !== COMMA) return at + 1;
    at = skipWhitespace(bytes, at + 1);
  }
}

/**
 * Calls `readValue` for each member of the object whose opening brace is at `start`, in order, including repeated
 * names. `readValue` gets the value's first byte and returns the index after the value, so a caller that reads the
 * value itself (`readElements`) saves a second pass over it. Returns the index after the object.
 */
export function walkMembers(
  bytes: Buffer,
  start: number,
  readValue: (name: string, valueStart: number, nameStart: number) => number,
): number {
  let at = skipWhitespace(bytes, start + 1);
  if (bytes[at] === CLOSE_BRACE) return at + 1;
  for (;;) {
    const nameStart = at;
    const nameEnd = endOfString(bytes, nameStart);
    const colon = skipWhitespace(bytes, nameEnd);
    const valueStart = skipWhitespace(bytes, colon + 1);
    at = skipWhitespace(bytes, readValue(decodeName(bytes, nameStart, nameEnd), valueStart, nameStart));
    if (bytes[at] !== COMMA) return at + 1;
    at = skipWhitespace(bytes, at + 1);
  }
}

/** The members of the object whose opening brace is at `start`; of a repeated name the last one, as in `JSON.parse`. */
export function readMembers(bytes: Buffer, start: number): ReadonlyMap<string, JsonMember> {
  const members = new Map<string, JsonMember>();
  walkMembers(bytes, start, (name, valueStart, nameStart) => {
    const { end } = measureValue(bytes, valueStart);
    members.set(name, { name, nameStart, start: valueStart, end });
    return end;
  });
  return members;
}

/**
 * As `readMembers(bytes, start).get(name)`, without decoding the other names. `name` is ASCII without quotes and
 * backslashes.
 */
export function findMember(bytes: Buffer, start: number, name: string): JsonMember | undefined {
  let found: JsonMember | undefined;
  let at = skipWhitespace(bytes, start + 1);
  if (bytes[at] === CLOSE_BRACE) return undefined;
  for (;;) {
    const nameStart = at;
    const nameEnd = endOfString(bytes, nameStart);
    const valueStart = skipWhitespace(bytes, skipWhitespace(bytes, nameEnd) + 1);
    const { end } = measureValue(bytes, valueStart);
    if (isName(bytes, nameStart, nameEnd, name)) found = { name, nameStart, start: valueStart, end };
    at = skipWhitespace(bytes, end);
    if (bytes[at] !== COMMA) return found;
    at = skipWhitespace(bytes, at + 1);
  }
}

/** As `findMember` for each of the names, in one pass over the object. */
export function findMembers(
  bytes: Buffer,
  start: number,
  names: readonly string[],
): readonly (JsonMember | undefined)[] {
  const found = names.map((): JsonMember | undefined => undefined);
  let at = skipWhitespace(bytes, start + 1);
  if (bytes[at] === CLOSE_BRACE) return found;
  for (;;) {
    const nameStart = at;
    const nameEnd = endOfString(bytes, nameStart);
    const valueStart = skipWhitespace(bytes, skipWhitespace(bytes, nameEnd) + 1);
    const { end } = measureValue(bytes, valueStart);
    for (const [index, name] of names.entries()) {
      if (isName(bytes, nameStart, nameEnd, name)) found[index] = { name, nameStart, start: valueStart, end };
    }
    at = skipWhitespace(bytes, end);
    if (bytes[at] !== COMMA) return found;
    at = skipWhitespace(bytes, at + 1);
  }
}

/** One change of a text: `text` replaces `start`..`end` (nothing is removed if they are equal). */
export interface JsonEdit extends JsonSpan {
  readonly text: string;
}

/**
 * The bytes of `span` with the edits made; edits are in order and do not overlap. Bytes outside the edits are copied
 * unchanged.
 */
export function spliceText(bytes: Buffer, span: JsonSpan, edits: readonly JsonEdit[]): Buffer {
  let length = span.end - span.start;
  for (const edit of edits) length += Buffer.byteLength(edit.text) - (edit.end - edit.start);
  const spliced = Buffer.allocUnsafe(length);
  let from = span.start;
  let to = 0;
  for (const edit of edits) {
    to += bytes.copy(spliced, to, from, edit.start);
    to += writeText(spliced, edit.text, to);
    from = edit.end;
  }
  bytes.copy(spliced, to, from, span.end);
  return spliced;
}

/** Up to here a loop is faster than the call into native code. */
const SHORT_TEXT_CHARACTERS = 40;

/** Writes text as UTF-8 and returns its bytes. */
function writeText(target: Buffer, text: string, start: number): number {
  if (text.length > SHORT_TEXT_CHARACTERS) return target.write(text, start);
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return target.write(text, start);
    target[start + index] = code;
  }
  return text.length;
}

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Index after the closing quote of the string whose opening quote is at `start`. */
function endOfString(bytes: Uint8Array, start: number): number {
  for (let at = start + 1; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at += 1;
  }
  throw new RangeError(`the JSON text ends inside the string at byte ${start}`);
}

/** Index after a number, `true`, `false` or `null`. */
function endOfWord(bytes: Uint8Array, start: number): number {
  let at = start;
  for (; at < bytes.length; at += 1) {
    const byte = bytes[at];
    const ends =
      byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || (byte !== undefined && byte <= SPACE);
    if (ends) break;
  }
  return at;
}

function isName(bytes: Buffer, nameStart: number, nameEnd: number, name: string): boolean {
  const { length } = name;
  if (nameEnd - nameStart - 2 < length) return false;
  for (let index = 0; index < length; index += 1) {
    const byte = bytes[nameStart + 1 + index];
    if (byte === BACKSLASH) return decodeName(bytes, nameStart, nameEnd) === name;
    if (byte !== name.charCodeAt(index)) return false;
  }
  return nameEnd - nameStart - 2 === length;
}

function decodeName(bytes: Buffer, nameStart: number, nameEnd: number): string {
  const quoted = bytes.toString('utf8', nameStart, nameEnd);
  return quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
}
