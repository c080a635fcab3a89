/**
 * What the value of a dead letter turned out to be, and a dead letter as one line of JSON that can be edited and
 * redriven. Pure.
 */
import { headerNames, type RecordHeaders } from '@astrolabe/records';
import { stringifyJson, type Command, type JsonValue } from '@astrolabe/schemas';
import { positionOf, type DeadLetter } from './dead-letter.ts';

export type DeadLetterContent =
  /** JSON, as its own text on one line: no number is rounded. */
  | { readonly kind: 'event'; readonly text: string }
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly reason: string }
  | { readonly kind: 'none' };

/**
 * One line of an export: cause and place, key and headers, and the value under `event`, `command`, `text` or `base64`.
 */
export function toExportLine(deadLetter: DeadLetter, content: DeadLetterContent): string {
  const { record, atMs, code, message, connectorId, messageId, commandId, redriveCount } = deadLetter;
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

export function commandJson({ kind, record }: Command): JsonValue {
  return { kind, ...(record as unknown as Record<string, JsonValue>) };
}

/** Without the cause, which has members of its own. */
function headersAsText(headers: RecordHeaders): Readonly<Record<string, string>> {
  const own = Object.entries(headers).filter(([name]) => !name.startsWith(CAUSE_PREFIX));
  return Object.fromEntries(own.map(([name, value]) => [name, value.toString('utf8')]));
}

const CAUSE_PREFIX = headerNames.deadLetterCode.slice(0, headerNames.deadLetterCode.indexOf('.') + 1);

function contentMember(content: DeadLetterContent): string {
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
