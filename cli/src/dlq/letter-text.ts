/** A dead letter as one line of JSON that can be edited and redriven. */
import { isUtf8 } from 'node:buffer';
import { headerNames, type RecordHeaders } from '@astrolabe/records';
import type { CommandDecoder } from '@astrolabe/records/serde';
import { stringifyJson, type Command, type JsonValue } from '@astrolabe/schemas';
import { positionOf, type DeadLetter } from './dead-letter.ts';

/** What a record's value turned out to be. */
export type LetterContent =
  /** JSON, as its own text on one line: no number is rounded. */
  | { readonly kind: 'event'; readonly text: string }
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly reason: string }
  | { readonly kind: 'none' };

/** `decoder` undefined: no registry is configured, so a command stays bytes. */
export async function readContent(letter: DeadLetter, decoder: CommandDecoder | undefined): Promise<LetterContent> {
  const { value } = letter.record;
  if (value === null) return { kind: 'none' };
  if (letter.role === 'commands') {
    if (decoder === undefined) return { kind: 'bytes', bytes: value, reason: 'SCHEMA_REGISTRY_URL is not set' };
    const decoded = await decoder.decode(value);
    if (decoded.kind === 'command') return { kind: 'command', command: decoded.command };
    return { kind: 'bytes', bytes: value, reason: decoded.reason };
  }
  if (!isUtf8(value)) return { kind: 'bytes', bytes: value, reason: 'the value is no UTF-8' };
  const text = value.toString('utf8');
  return isJson(text) ? { kind: 'event', text: onOneLine(text) } : { kind: 'text', text };
}

/** One line of an export: the letter's cause and place, its key and headers, and its value under `event`, `command`, `text` or `base64`. */
export function toExportLine(letter: DeadLetter, content: LetterContent): string {
  const { record, atMs, code, message, connectorId, messageId, commandId, redriveCount } = letter;
  const head = JSON.stringify({
    position: positionOf(record),
    at: new Date(atMs).toISOString(),
    code,
    message,
    connector: connectorId,
    messageId,
    commandId,
    redriveCount,
    key: record.key?.toString('utf8') ?? null,
    headers: headersAsText(record.headers),
  });
  return `${head.slice(0, -1)},${contentMember(content)}}`;
}

/** Without the cause, which stands beside them. */
export function headersAsText(headers: RecordHeaders): Readonly<Record<string, string>> {
  const own = Object.entries(headers).filter(([name]) => !name.startsWith(CAUSE_PREFIX));
  return Object.fromEntries(own.map(([name, value]) => [name, value.toString('utf8')]));
}

const CAUSE_PREFIX = headerNames.deadLetterCode.slice(0, headerNames.deadLetterCode.indexOf('.') + 1);

function contentMember(content: LetterContent): string {
  switch (content.kind) {
    case 'event':
      return `"event":${content.text}`;
    case 'command':
      return `"command":${stringifyJson(commandJson(content.command))}`;
    case 'text':
      return `"text":${JSON.stringify(content.text)}`;
    case 'bytes':
      return `"base64":"${content.bytes.toString('base64')}"`;
    case 'none':
      return '"base64":null';
  }
}

export function commandJson({ kind, record }: Command): JsonValue {
  return { kind, ...(record as unknown as Record<string, JsonValue>) };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Line breaks of valid JSON stand between its parts only, where a blank means the same. */
function onOneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').trim();
}
