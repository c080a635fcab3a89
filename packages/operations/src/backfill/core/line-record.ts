/** One line of a file → the record that it becomes, validated and completed as by ingest. Pure. */
import { createHash } from 'node:crypto';
import { headerNames, toHeaders, type OutgoingRecord, type SenderTrust } from '@astrolabe/records';
import { decodeUtf8 } from '@astrolabe/segment';
import type { ErrorCode } from '@astrolabe/service-kit/errors';
import { validateEvent } from '../../core/validated-event.ts';
import { BACKFILL_GROUP } from '../../dead-letters/core/dead-letter.ts';
import { MAX_LINE_BYTES, placeInFile, type SourceLine } from './source-line.ts';

export interface LineOrigin {
  readonly connectorId: string;
  /** Name of the file as people know it. */
  readonly fileName: string;
  /** When the file was written: the time of events that have none, so that a second run gives the same. */
  readonly fileTimeMs: number;
  /** Of this run: goes into the headers that freshness is measured by. */
  readonly nowMs: number;
}

export type LineRecord =
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'event';
      readonly record: OutgoingRecord;
      /** A `delete` or an `unsuppress`, which ingest accepts with the connector's API key only. */
      readonly isDeletion: boolean;
    }
  | {
      readonly kind: 'dead-letter';
      readonly record: OutgoingRecord;
      readonly code: ErrorCode;
      readonly reason: string;
    };

export function toLineRecord(line: SourceLine, origin: LineOrigin): LineRecord {
  const text = textOf(line);
  if (text.trim() === '') return { kind: 'empty' };
  if (line.isCut) {
    const messageId = lineMessageId(line, origin);
    const record = { key: null, value: Buffer.from(text), headers: headersOf(messageId, origin) };
    const reason = `the line has more than ${MAX_LINE_BYTES} bytes; the rest is in the file only`;
    return deadLetter(record, 'event.too-large', reason, line, origin);
  }
  const decoded = decodeUtf8(line.bytes);
  if (decoded.kind === 'not-utf8') {
    // As it is in the file: decoded, it would hold other ids and values than were archived.
    const record = { key: null, value: line.bytes, headers: headersOf(lineMessageId(line, origin), origin) };
    return deadLetter(record, 'event.invalid-json', `the line ${decoded.reason}`, line, origin);
  }
  const validated = validateEvent(text, {
    connectorId: origin.connectorId,
    newMessageId: () => lineMessageId(line, origin),
    receivedAtMs: undefined,
    fallbackMs: origin.fileTimeMs,
    // An archive is the operator's own, and the operator may write to the topic anyway.
    isTrusted: true,
  });
  const { key, value, messageId } = validated;
  const record: OutgoingRecord = { key, value, headers: headersOf(messageId, origin) };
  if (validated.kind === 'accepted') {
    return { kind: 'event', record, isDeletion: validated.type === 'delete' || validated.type === 'unsuppress' };
  }
  return deadLetter(record, validated.code, validated.reason, line, origin);
}

/** The same file gives the same ids again, even after it has been moved. */
function lineMessageId({ number, bytes }: SourceLine, { connectorId, fileName }: LineOrigin): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([connectorId, lastName(fileName), number]))
    .update(bytes);
  return `backfill-${hash.digest('hex').slice(0, 32)}`;
}

/** A file that was joined from several has their byte order marks in its middle. */
function textOf({ bytes }: SourceLine): string {
  return bytes.toString('utf8').replace(/^\ufeff+/, '');
}

/** Without its folders. */
function lastName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function headersOf(messageId: string, { connectorId, nowMs }: LineOrigin): OutgoingRecord['headers'] {
  return toHeaders({
    [headerNames.connectorId]: connectorId,
    [headerNames.messageId]: messageId,
    [headerNames.receivedAt]: new Date(nowMs).toISOString(),
    [headerNames.backfill]: '1',
    [headerNames.senderTrust]: 'operator' satisfies SenderTrust,
  });
}

function deadLetter(
  record: OutgoingRecord,
  code: ErrorCode,
  reason: string,
  line: SourceLine,
  { fileName, nowMs }: LineOrigin,
): LineRecord {
  const cause = toHeaders({
    [headerNames.deadLetterCode]: code,
    [headerNames.deadLetterMessage]: `${placeInFile(fileName, line)}: ${reason}`.slice(0, 2_000),
    [headerNames.deadLetterGroup]: BACKFILL_GROUP,
    [headerNames.deadLetterAt]: new Date(nowMs).toISOString(),
  });
  return { kind: 'dead-letter', record: { ...record, headers: { ...record.headers, ...cause } }, code, reason };
}
