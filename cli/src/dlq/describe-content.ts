/** The value of a dead letter as lines for people. */
import { commandJson, type DeadLetterContent } from '@astrolabe/operations';
import { parseJson, stringifyJson, type JsonValue } from '@astrolabe/schemas';
import { maxEventDepth, measureValue, skipWhitespace } from '@astrolabe/segment';

export function describeContent(content: DeadLetterContent): string[] {
  switch (content.kind) {
    case 'event':
      return isTooDeep(content.text) ? [content.text] : pretty(parseJson(content.text));
    case 'command':
      return pretty(commandJson(content.command));
    case 'text':
      // Marked line by line: a sender's line must not pass for one of ours.
      return ['(not JSON)', ...content.text.split('\n').map((line) => `| ${line}`)];
    case 'bytes':
      return [`(${content.bytes.length} bytes in base64: ${content.reason})`, content.bytes.toString('base64')];
    case 'none':
      return ['(no value)'];
  }
}

/**
 * Deeper than any event may nest: indenting it would overflow the stack, and each level costs two more spaces in every
 * line.
 */
function isTooDeep(text: string): boolean {
  const bytes = Buffer.from(text);
  return measureValue(bytes, skipWhitespace(bytes, 0)).depth > maxEventDepth;
}

/** Indented, with whole numbers of any length as they are. */
function pretty(value: JsonValue): string[] {
  return indented(value, '').split('\n');
}

function indented(value: JsonValue, indent: string): string {
  if (typeof value !== 'object' || value === null) return stringifyJson(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return `[\n${value.map((each: JsonValue) => inner + indented(each, inner)).join(',\n')}\n${indent}]`;
  }
  const members = Object.entries(value as Readonly<Record<string, JsonValue>>);
  if (members.length === 0) return '{}';
  const lines = members.map(([name, member]) => `${inner}${JSON.stringify(name)}: ${indented(member, inner)}`);
  return `{\n${lines.join(',\n')}\n${indent}}`;
}
