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
  const fault = scan(text);
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

function scan(text: string): Fault | undefined {
  const open: ('{' | '[')[] = [];
  let expected: Expectation = 'value';
  let at = 0;
  const afterValue = (): Expectation => {
    const container = open.at(-1);
    return container === undefined ? 'end' : container === '[' ? 'comma or ]' : 'comma or }';
  };
  for (;;) {
    whitespace.lastIndex = at;
    whitespace.exec(text);
    at = whitespace.lastIndex;
    const found = text[at];
    if (found === undefined) return expected === 'end' ? undefined : unexpected(text, at, expected);
    switch (expected) {
      case 'value':
      case 'value or ]': {
        if (found === '{' || found === '[') {
          open.push(found);
          expected = found === '{' ? 'name or }' : 'value or ]';
          at += 1;
          break;
        }
        if (found === ']' && expected === 'value or ]') {
          open.pop();
          expected = afterValue();
          at += 1;
          break;
        }
        const end = scanScalar(text, at, expected);
        if (typeof end !== 'number') return end;
        at = end;
        expected = afterValue();
        break;
      }
      case 'name':
      case 'name or }': {
        if (found === '}' && expected === 'name or }') {
          open.pop();
          expected = afterValue();
          at += 1;
          break;
        }
        if (found !== '"') return unexpected(text, at, expected);
        const end = scanString(text, at);
        if (typeof end !== 'number') return end;
        at = end;
        expected = 'colon';
        break;
      }
      case 'colon':
        if (found !== ':') return unexpected(text, at, expected);
        expected = 'value';
        at += 1;
        break;
      case 'comma or ]':
      case 'comma or }': {
        const inArray: boolean = expected === 'comma or ]';
        if (found === ',') {
          expected = inArray ? 'value' : 'name';
        } else if (found === (inArray ? ']' : '}')) {
          open.pop();
          expected = afterValue();
        } else {
          return unexpected(text, at, expected);
        }
        at += 1;
        break;
      }
      case 'end':
        return unexpected(text, at, expected);
    }
  }
}

/** The index after a string, number or literal, or the fault in it. */
function scanScalar(text: string, at: number, expected: Expectation): number | Fault {
  if (text[at] === '"') return scanString(text, at);
  for (const literal of ['true', 'false', 'null']) {
    if (text.startsWith(literal, at)) return at + literal.length;
  }
  numberLiteral.lastIndex = at;
  if (numberLiteral.test(text)) return numberLiteral.lastIndex;
  return unexpected(text, at, expected);
}

function scanString(text: string, start: number): number | Fault {
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

function unexpected(text: string, at: number, expected: Expectation): Fault {
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
