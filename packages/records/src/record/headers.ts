/** The one list of record headers. `docs/architecture.md` lists the same names; a test holds the two together. */
import type { ConsumedRecord, RecordHeaders } from './record.ts';

export const headerNames = {
  /** Connector that the record belongs to. On every record. */
  connectorId: 'connector-id',
  /** Segment's `messageId` of the event that the record stems from. On every record. */
  messageId: 'message-id',
  /** When ingest took the event, ISO 8601 UTC with milliseconds. Freshness is measured from it. On every record. */
  receivedAt: 'received-at',
  /**
   * How much the event's sender had shown when it came: `api-key`, `write-key` or `operator` (`sender-trust.ts`). On
   * every record that ingest or a backfill wrote. A record without it counts as one that was sent with a write key.
   */
  senderTrust: 'sender-trust',
  /** W3C trace context. With tracing, of the span that wrote the record; without it, as the sender sent it. */
  traceparent: 'traceparent',
  /** Beside it, with tracing: what the sender's tracing systems keep there. */
  tracestate: 'tracestate',
  /** Set on records that a replay produced. */
  replayId: 'replay-id',
  /**
   * On the same: the record that was sent again, `topic:partition:offset`. What the mapper makes of it has it too, and
   * names the event there.
   */
  replayFrom: 'replay-from',
  /** On the same: `1` if commands that were already delivered are to be delivered again, once for that replay. */
  replayForce: 'replay-force',
  /** On a record that was redriven: how often it has come back to this topic from its dead letters. */
  redriveCount: 'redrive-count',
  /** On the same: the dead letter that it was last, `topic:partition:offset`. */
  redriveFrom: 'redrive-from',
  /** On an event that a backfill read from a file: it was received elsewhere, when its own `receivedAt` says. */
  backfill: 'backfill',
  /** On a command: its deterministic id. */
  commandId: 'command-id',
  /** On a command whose event told a time that cannot be: that time. `occurredAt` is a bound in its place. */
  occurredAtClamped: 'occurred-at-clamped',
  /** On a dead letter: stable cause, one of `docs/errors.md`. */
  deadLetterCode: 'dlq.code',
  /** On a dead letter: what happened, for people. */
  deadLetterMessage: 'dlq.message',
  /** On a dead letter: where the record came from. */
  deadLetterTopic: 'dlq.topic',
  deadLetterPartition: 'dlq.partition',
  deadLetterOffset: 'dlq.offset',
  /** On a dead letter: the consumer group (or service) that gave it up. */
  deadLetterGroup: 'dlq.group',
  /** On a dead letter: how often delivery was tried. */
  deadLetterDeliveryCount: 'dlq.delivery.count',
  /** On a dead letter: the API's last HTTP status. Absent when there was none. */
  deadLetterStatus: 'dlq.status',
  /** On a dead letter: when it was given up; ISO 8601 UTC. */
  deadLetterAt: 'dlq.at',
  /**
   * On the same: when the first try and the last one ended; they are one where it was tried once. Absent where nothing
   * was tried.
   */
  deadLetterFirstAttemptAt: 'dlq.first.attempt.at',
  deadLetterLastAttemptAt: 'dlq.last.attempt.at',
  /**
   * On a dead letter whose record did not fit: how many bytes of it are left out. Absent on all others, which are
   * whole. The record itself is where `dlq.topic`, `dlq.partition` and `dlq.offset` say, as long as that topic keeps
   * it.
   */
  deadLetterCutBytes: 'dlq.cut.bytes',
} as const;

export type HeaderName = (typeof headerNames)[keyof typeof headerNames];

/** Text of a header, or undefined where the record has none. */
export function headerText(record: Pick<ConsumedRecord, 'headers' | 'encoded'>, name: HeaderName): string | undefined {
  return record.encoded === undefined ? record.headers[name]?.toString('utf8') : record.encoded.headerText(name);
}

/** Builds headers from text, leaving out what is undefined. */
export function toHeaders(values: Partial<Record<HeaderName, string | undefined>>): RecordHeaders {
  const headers: Record<string, Buffer> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) headers[name] = Buffer.from(value, 'utf8');
  }
  return headers;
}
