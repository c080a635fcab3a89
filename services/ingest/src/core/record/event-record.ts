/**
 * Judged events → records. The value is the sender's own text with what is missing spliced in; a dead letter's value is
 * made in the same way, so that it can be redriven unchanged.
 */
import { headerNames, type OutgoingRecord, type SenderTrust } from '@astrolabe/records';
import {
  buildEventText,
  partitionKey,
  toIsoText,
  type BatchEnvelope,
  type EventAdditions,
  type RejectedVerdict,
  type SubmittedEvent,
  type TextOrigin,
  type Verdict,
} from '@astrolabe/segment';
import { present } from '@astrolabe/service-kit/errors';
import type { TraceContext } from '@astrolabe/tracing';
import { MAX_DEAD_LETTER_VALUE_BYTES, cutDeadLetter } from './cut-dead-letter.ts';

/** What the records of a request share. Built once for each request. */
export interface RecordOrigin extends TextOrigin {
  readonly connectorId: string;
  readonly sharedHeaders: Readonly<Record<string, Buffer>>;
}

const API_KEY = Buffer.from('api-key' satisfies SenderTrust);
const WRITE_KEY = Buffer.from('write-key' satisfies SenderTrust);

export function buildRecordOrigin(
  connectorId: string,
  receivedAtMs: number,
  request: {
    readonly envelope: BatchEnvelope | undefined;
    readonly clientIp: string | undefined;
    readonly trace: TraceContext | undefined;
    /** As in `Authentication`. */
    readonly isTrusted: boolean;
  },
): RecordOrigin {
  const { envelope, clientIp, trace, isTrusted } = request;
  const receivedAt = present(toIsoText(receivedAtMs), 'the time of receipt');
  const sharedHeaders: Record<string, Buffer> = {
    [headerNames.connectorId]: Buffer.from(connectorId),
    [headerNames.receivedAt]: Buffer.from(receivedAt),
    [headerNames.senderTrust]: isTrusted ? API_KEY : WRITE_KEY,
  };
  if (trace !== undefined) {
    const { traceparent, tracestate } = trace;
    sharedHeaders[headerNames.traceparent] = Buffer.from(traceparent);
    if (tracestate !== undefined) sharedHeaders[headerNames.tracestate] = Buffer.from(tracestate);
  }
  return { connectorId, receivedAtMs, receivedAt, envelope, clientIp, sharedHeaders };
}

export function buildEventRecord(
  bytes: Buffer,
  submitted: SubmittedEvent,
  verdict: Verdict,
  additions: EventAdditions,
  origin: RecordOrigin,
): OutgoingRecord {
  const key = partitionKey(origin.connectorId, verdict.identity);
  return {
    key: key === undefined ? null : Buffer.from(key),
    value: buildEventText(bytes, submitted, verdict, additions, origin),
    headers: { ...origin.sharedHeaders, [headerNames.messageId]: Buffer.from(additions.messageId) },
  };
}

const SERVICE = Buffer.from('ingest');

/** The dead letter of a rejected event, with the cause in headers. The answer names the same code. */
export function buildDeadLetter(
  bytes: Buffer,
  submitted: SubmittedEvent,
  verdict: RejectedVerdict,
  additions: EventAdditions,
  origin: RecordOrigin,
): OutgoingRecord {
  const record = buildEventRecord(bytes, submitted, verdict, additions, origin);
  const deadLetter = {
    ...record,
    headers: {
      ...record.headers,
      [headerNames.deadLetterCode]: Buffer.from(verdict.code),
      [headerNames.deadLetterMessage]: Buffer.from(verdict.reason),
      [headerNames.deadLetterGroup]: SERVICE,
      [headerNames.deadLetterAt]: Buffer.from(origin.receivedAt),
    },
  };
  return cutDeadLetter(deadLetter, MAX_DEAD_LETTER_VALUE_BYTES);
}
