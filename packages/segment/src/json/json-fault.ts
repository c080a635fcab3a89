/**
 * Finds where and why a text is not JSON. V8's own messages name a position only sometimes, and they quote the sender's
 * data, which belongs neither in a log nor in an answer. So after `JSON.parse` has refused a text, this finds the first
 * character that RFC 8259 does not allow. It is slower than `JSON.parse`, and called only when that has failed.
 */

export interface JsonFault {
  /** Index into the text, in UTF-16 units, of the first character that cannot continue a JSON text. */
  readonly offset: number;
  /** Both count from 1; a column is a UTF-16 unit. */
  readonly line: number;
  readonly column: number;
  /** What was found and what was expected there, without quoting more than one character of the text. */
  readonly reason: string;
}

/** The first fault of `text`, or undefined if it is valid JSON. Never throws, whatever the depth of nesting. */
export function findJsonFault(text: string): JsonFault | undefined {
  const fault = findFault(text);
  if (fault === undefined) return undefined;
  const before = text.slice(0, fault.offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let at = before.indexOf('\n'); at !== -1; at = before.indexOf('\n', at + 1)) line += 1;
  return { offset: fault.offset, line, column: fault.offset - lineStart + 1, reason: fault.reason };
}

interface Fault {
  readonly offset: number;
  readonly reason: string;
}

type Expectation = 'value' | 'value or ]' | 'name' | 'name or }' | 'colon' | 'comma or ]' | 'comma or }' | 'end';

const expectationText: Readonly<Record<Expectation, string>> = {
  value: 'a value',
  'value or ]': 'a value or "]"',
  name: 'a property name in double quotes',
  'name or }': 'a property name in double quotes or "}"',
  colon: '":" after the property name',
  'comma or ]': '"," or "]" after the array element',
  'comma or }': '"," or "}" after the property value',
  end: 'nothing more after the value',
};

const stringCharacters = /[^"\\\u0000-\u001f]*/y;
const numberLiteral = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
const whitespace = /[ \t\n\r]*/y;

/** A text that is valid up to `at`. */
interface Scan {
  readonly text: string;
  at: number;
  expected: Expectation;
  /** Objects and arrays that are not closed yet. */
  readonly open: ('{' | '[')[];
}

function findFault(text: string): Fault | undefined {
  const scan: Scan = { text, at: 0, expected: 'value', open: [] };
  for (;;) {
    whitespace.lastIndex = scan.at;
    whitespace.exec(text);
    scan.at = whitespace.lastIndex;
    const found = text[scan.at];
    if (found === undefined && scan.expected === 'end') return undefined;
    const fault = found === undefined ? unexpected(scan) : readToken(scan, found);
    if (fault !== undefined) return fault;
  }
}

function readToken(scan: Scan, found: string): Fault | undefined {
  switch (scan.expected) {
    case 'value':
    case 'value or ]':
      if (found === '{' || found === '[') {
        scan.open.push(found);
        return proceed(scan, found === '{' ? 'name or }' : 'value or ]');
      }
      if (found === ']' && scan.expected === 'value or ]') return close(scan);
      return proceedTo(scan, scanScalar(scan), afterValue(scan));
    case 'name':
    case 'name or }':
      if (found === '}' && scan.expected === 'name or }') return close(scan);
      return found === '"' ? proceedTo(scan, scanString(scan), 'colon') : unexpected(scan);
    case 'colon':
      return found === ':' ? proceed(scan, 'value') : unexpected(scan);
    case 'comma or ]':
      if (found === ',') return proceed(scan, 'value');
      return found === ']' ? close(scan) : unexpected(scan);
    case 'comma or }':
      if (found === ',') return proceed(scan, 'name');
      return found === '}' ? close(scan) : unexpected(scan);
    case 'end':
      return unexpected(scan);
  }
}

function afterValue({ open }: Scan): Expectation {
  const container = open.at(-1);
  return container === undefined ? 'end' : container === '[' ? 'comma or ]' : 'comma or }';
}

/** Past the bracket that ends a container. */
function close(scan: Scan): undefined {
  scan.open.pop();
  return proceed(scan, afterValue(scan));
}

/** Past one character. */
function proceed(scan: Scan, expected: Expectation): undefined {
  scan.at += 1;
  scan.expected = expected;
}

/** Past a string, number or literal, unless there is a fault in it. */
function proceedTo(scan: Scan, end: number | Fault, expected: Expectation): Fault | undefined {
  if (typeof end !== 'number') return end;
  scan.at = end;
  scan.expected = expected;
  return undefined;
}

/** The index after a string, number or literal, or the fault in it. */
function scanScalar(scan: Scan): number | Fault {
  const { text, at } = scan;
  if (text[at] === '"') return scanString(scan);
  for (const literal of ['true', 'false', 'null']) {
    if (text.startsWith(literal, at)) return at + literal.length;
  }
  numberLiteral.lastIndex = at;
  if (numberLiteral.test(text)) return numberLiteral.lastIndex;
  return unexpected(scan);
}

function scanString({ text, at: start }: Scan): number | Fault {
  let at = start + 1;
  for (;;) {
    stringCharacters.lastIndex = at;
    stringCharacters.exec(text);
    at = stringCharacters.lastIndex;
    const found = text[at];
    if (found === undefined) return { offset: at, reason: 'the text ends inside a string' };
    if (found === '"') return at + 1;
    if (found !== '\\') return { offset: at, reason: `control character ${describe(text, at)} inside a string` };
    const escaped = text[at + 1];
    if (escaped === undefined) return { offset: at + 1, reason: 'the text ends inside a string' };
    if (escaped === 'u') {
      for (let digit = at + 2; digit < at + 6; digit += 1) {
        const character = text[digit];
        if (character === undefined) return { offset: digit, reason: 'the text ends inside a string' };
        if (!/[0-9a-fA-F]/.test(character))
          return { offset: digit, reason: 'a \\u escape needs four hexadecimal digits' };
      }
      at += 6;
    } else if ('"\\/bfnrt'.includes(escaped)) {
      at += 2;
    } else {
      return { offset: at + 1, reason: `${describe(text, at + 1)} cannot follow a backslash` };
    }
  }
}

function unexpected({ text, at, expected }: Scan): Fault {
  return { offset: at, reason: `found ${describe(text, at)}, expected ${expectationText[expected]}` };
}

function describe(text: string, at: number): string {
  const codePoint = text.codePointAt(at);
  if (codePoint === undefined) return 'the end of the text';
  const printable = codePoint > 0x20 && codePoint < 0x7f;
  return printable
    ? `'${String.fromCodePoint(codePoint)}'`
    : `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`;
}
