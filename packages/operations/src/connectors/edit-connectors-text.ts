/**
 * Edits of the connectors file as text: what is not edited is kept byte for byte, order and layout included. Takes text
 * that `parseConnectorsFile` has accepted. Pure.
 */
import {
  readElements,
  readMembers,
  skipWhitespace,
  spliceText,
  type JsonSpan,
  type MeasuredSpan,
} from '@astrolabe/segment';
import type { KeySource } from '@astrolabe/service-kit';

export interface NewConnector {
  readonly id: string;
  readonly name: string;
  readonly apiKey: KeySource;
  readonly freeEmailProviders: 'allow' | 'block';
}

const DEFAULT_INDENT = '  ';

/** The file with one more connector at its end; a new file where there is none. */
export function appendConnector(text: string | undefined, connector: NewConnector): string {
  if (text === undefined) return `${JSON.stringify({ connectors: [connector] }, null, DEFAULT_INDENT)}\n`;
  const document = openDocument(text);
  const { start, end } = document.list;
  const last = document.connectors.at(-1);
  if (!text.includes('\n')) {
    return splice(document.bytes, end - 1, end - 1, `${last === undefined ? '' : ','}${JSON.stringify(connector)}`);
  }
  const unit = indentUnit(text);
  const indent = last === undefined ? lineIndent(document.bytes, start) + unit : lineIndent(document.bytes, last.start);
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = JSON.stringify(connector, null, unit)
    .split('\n')
    .map((line) => indent + line)
    .join(eol);
  if (last !== undefined) return splice(document.bytes, last.end, last.end, `,${eol}${lines}`);
  return splice(document.bytes, start, end, `[${eol}${lines}${eol}${lineIndent(document.bytes, start)}]`);
}

/** The file with a member of one connector set to a value. */
export function setMember(text: string, index: number, name: string, value: unknown): string {
  return setMemberText(text, index, name, () => inlineJson(value));
}

/** The file with a connector's write keys changed: those of `removed` places gone, `added` at the end. */
export function changeWriteKeys(
  text: string,
  index: number,
  change: { readonly added?: readonly KeySource[]; readonly removed?: readonly number[] },
): string {
  return setMemberText(text, index, 'writeKeys', (before) => {
    const elements: MeasuredSpan[] = [];
    const bytes = Buffer.from(before ?? '[]');
    readElements(bytes, 0, elements);
    const kept = elements
      .filter((_, place) => change.removed?.includes(place) !== true)
      .map(({ start, end }) => bytes.toString('utf8', start, end));
    return `[${[...kept, ...(change.added ?? []).map(inlineJson)].join(', ')}]`;
  });
}

/** `{ "env": "NAME" }` and `["a", "b"]`, as people lay it out. */
function inlineJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inlineJson).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${inlineJson(member)}`);
  return `{ ${members.join(', ')} }`;
}

function setMemberText(
  text: string,
  index: number,
  name: string,
  write: (before: string | undefined) => string,
): string {
  const { bytes, connectors } = openDocument(text);
  const connector = connectors[index];
  if (connector === undefined) throw new RangeError(`the file has no connector ${index}`);
  const members = readMembers(bytes, connector.start);
  const present = members.get(name);
  if (present !== undefined) {
    return splice(bytes, present.start, present.end, write(bytes.toString('utf8', present.start, present.end)));
  }
  const last = [...members.values()].reduce((latest, member) => (member.end > latest.end ? member : latest));
  // The white space before the last member, a line break with indentation or a blank, goes before the new one.
  const separator = /\s*$/.exec(bytes.toString('utf8', connector.start, last.nameStart))?.[0] ?? '';
  return splice(bytes, last.end, last.end, `,${separator}${JSON.stringify(name)}: ${write(undefined)}`);
}

interface OpenedDocument {
  readonly bytes: Buffer;
  /** The array of connectors, brackets included. */
  readonly list: JsonSpan;
  readonly connectors: readonly MeasuredSpan[];
}

function openDocument(text: string): OpenedDocument {
  const bytes = Buffer.from(text);
  const list = readMembers(bytes, skipWhitespace(bytes, 0)).get('connectors');
  if (list === undefined) throw new RangeError('the file has no connectors');
  const connectors: MeasuredSpan[] = [];
  readElements(bytes, list.start, connectors);
  return { bytes, list, connectors };
}

function splice(bytes: Buffer, start: number, end: number, text: string): string {
  return spliceText(bytes, { start: 0, end: bytes.length }, [{ start, end, text }]).toString('utf8');
}

/** White space at the start of the line that `at` is on. */
function lineIndent(bytes: Buffer, at: number): string {
  const line = bytes.toString('utf8', 0, at).split('\n').at(-1) ?? '';
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}

/** One level of indentation: that of the first indented line. */
function indentUnit(text: string): string {
  return /\n([ \t]+)\S/.exec(text)?.[1] ?? DEFAULT_INDENT;
}
