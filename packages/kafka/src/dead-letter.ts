/**
 * Dead letters: the record byte for byte, with its key and headers, and the cause in headers beside them. The suffixes are those of
 * Kafka's own `__dlq.errors.*` (KIP-1191).
 */
import type { ErrorCode } from '@astrolabe/service-kit';
import { headerNames, toHeaders } from './headers.ts';
import type { ConsumedRecord, OutgoingRecord, RecordHeaders } from './record.ts';

/** Why a record was given up. */
export interface DeadLetterCause {
  readonly code: ErrorCode;
  /** For people: what happened, bounded to 2,000 characters on the record. */
  readonly message: string;
  /** Consumer group or service that gave it up. */
  readonly group: string;
  readonly atMs: number;
  /** How often delivery was tried. Absent where nothing was tried. */
  readonly deliveryCount?: number;
  readonly firstAttemptAtMs?: number;
  /** Not `atMs`: what has been tried may be given up later, where its connector is removed while it waits. */
  readonly lastAttemptAtMs?: number;
  /** The API's last HTTP status. */
  readonly status?: number;
}

const MAX_MESSAGE_CHARACTERS = 2_000;

/** The dead letter of a consumed record. Same partition number as its source, so that both topics are read side by side. */
export function toDeadLetter(source: ConsumedRecord, cause: DeadLetterCause): OutgoingRecord {
  const { code, message, group, atMs, deliveryCount, firstAttemptAtMs, lastAttemptAtMs, status } = cause;
  return {
    key: source.key,
    value: source.value,
    partition: source.partition,
    headers: {
      ...withoutEarlierCause(source.headers),
      ...toHeaders({
        [headerNames.deadLetterCode]: code,
        [headerNames.deadLetterMessage]: message.slice(0, MAX_MESSAGE_CHARACTERS),
        [headerNames.deadLetterTopic]: source.topic,
        [headerNames.deadLetterPartition]: String(source.partition),
        [headerNames.deadLetterOffset]: source.offset.toString(),
        [headerNames.deadLetterGroup]: group,
        [headerNames.deadLetterAt]: toIso(atMs),
        [headerNames.deadLetterDeliveryCount]: deliveryCount?.toString(),
        [headerNames.deadLetterFirstAttemptAt]: toIso(firstAttemptAtMs),
        [headerNames.deadLetterLastAttemptAt]: toIso(lastAttemptAtMs),
        [headerNames.deadLetterStatus]: status?.toString(),
      }),
    },
  };
}

function toIso(epochMs: number | undefined): string | undefined {
  return epochMs === undefined ? undefined : new Date(epochMs).toISOString();
}

const CAUSE_PREFIX = 'dlq.';

/** A letter that was sent in again and dies again must not show parts of its first death beside the second. */
function withoutEarlierCause(headers: RecordHeaders): RecordHeaders {
  const names = Object.keys(headers);
  if (!names.some((name) => name.startsWith(CAUSE_PREFIX))) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(CAUSE_PREFIX)));
}
