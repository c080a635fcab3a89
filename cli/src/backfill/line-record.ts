/** One line of a file → the record that it becomes, through the same validation and completion as ingest's. Pure. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { headerNames, toHeaders, type OutgoingRecord } from '@astrolabe/kafka';
import {
  buildEventText,
  eventTimes,
  findJsonFault,
  judgeEvent,
  maxDeliveredEventBytes,
  measureValue,
  partitionKey,
  skipWhitespace,
  type TextOrigin,
} from '@astrolabe/segment';
import type { ErrorCode } from '@astrolabe/service-kit';
import { MAX_LINE_BYTES, type SourceLine } from './read-lines.ts';

export interface LineOrigin {
  readonly connectorId: string;
  /** Name of the file as people know it. */
  readonly fileName: string;
  /** When the file was written: the time of events that tell none, so that a second run gives the same. */
  readonly fileTimeMs: number;
  /** Of this run: goes into the headers, which freshness is measured from. */
  readonly nowMs: number;
}

export type LineRecord =
  | { readonly kind: 'empty' }
  | { readonly kind: 'event'; readonly record: OutgoingRecord }
  | {
      readonly kind: 'dead-letter';
      readonly record: OutgoingRecord;
      readonly code: ErrorCode;
      readonly reason: string;
    };

/** What gives up a line, in the dead letter's `dlq.group`. */
const GROUP = 'backfill';
const BYTE_ORDER_MARK = '\ufeff';

export function toLineRecord(line: SourceLine, origin: LineOrigin): LineRecord {
  const text = textOf(line);
  if (text.trim() === '') return { kind: 'empty' };
  const bytes = Buffer.from(text);
  if (line.isCut) {
    const reason = `the line has more than ${MAX_LINE_BYTES} bytes; the rest of it is in the file only`;
    return refuse(bytes, 'event.too-large', reason, line, origin);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const fault = findJsonFault(text);
    const where = fault === undefined ? '' : `: ${fault.reason}, at column ${fault.column}`;
    return refuse(bytes, 'event.invalid-json', `the line is not valid JSON${where}`, line, origin);
  }
  const submitted = { value, span: measureValue(bytes, skipWhitespace(bytes, 0)) };
  const rules = { impliedType: undefined, maxEventBytes: maxDeliveredEventBytes, maxEvents: Number.MAX_SAFE_INTEGER };
  const verdict = judgeEvent(bytes, submitted, 0, rules);
  const messageId = verdict.messageId ?? lineMessageId(line, origin);
  const textOrigin = originOf(origin);
  const times = eventTimes(verdict.fields, textOrigin);
  const key = partitionKey(origin.connectorId, verdict.identity);
  const record: OutgoingRecord = {
    key: key === undefined ? null : Buffer.from(key),
    value: buildEventText(bytes, submitted, verdict, { messageId, times }, textOrigin),
    headers: headersOf(messageId, origin),
  };
  if (verdict.kind === 'accepted') return { kind: 'event', record };
  return deadLetter(record, verdict.code, verdict.reason, line, origin);
}

/** The same file gives the same ids again, wherever it has been moved to. */
function lineMessageId({ number, bytes }: SourceLine, { connectorId, fileName }: LineOrigin): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([connectorId, basename(fileName), number]))
    .update(bytes);
  return `backfill-${hash.digest('hex').slice(0, 32)}`;
}

function textOf({ number, bytes }: SourceLine): string {
  const text = bytes.toString('utf8');
  return number === 1 && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
}

function originOf({ fileTimeMs }: LineOrigin): TextOrigin {
  const receivedAt = new Date(fileTimeMs).toISOString();
  return { receivedAtMs: fileTimeMs, receivedAt, envelope: undefined, clientIp: undefined };
}

function headersOf(messageId: string, { connectorId, nowMs }: LineOrigin): OutgoingRecord['headers'] {
  return toHeaders({
    [headerNames.connectorId]: connectorId,
    [headerNames.messageId]: messageId,
    [headerNames.receivedAt]: new Date(nowMs).toISOString(),
  });
}

function refuse(value: Buffer, code: ErrorCode, reason: string, line: SourceLine, origin: LineOrigin): LineRecord {
  const record = { key: null, value, headers: headersOf(lineMessageId(line, origin), origin) };
  return deadLetter(record, code, reason, line, origin);
}

function deadLetter(
  record: OutgoingRecord,
  code: ErrorCode,
  reason: string,
  { number }: SourceLine,
  { fileName, nowMs }: LineOrigin,
): LineRecord {
  const cause = toHeaders({
    [headerNames.deadLetterCode]: code,
    [headerNames.deadLetterMessage]: `${fileName}:${number}: ${reason}`.slice(0, 2_000),
    [headerNames.deadLetterGroup]: GROUP,
    [headerNames.deadLetterAt]: new Date(nowMs).toISOString(),
  });
  return { kind: 'dead-letter', record: { ...record, headers: { ...record.headers, ...cause } }, code, reason };
}
