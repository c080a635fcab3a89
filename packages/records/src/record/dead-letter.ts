/**
 * Dead letters: the record byte for byte, with its key and headers, and the cause in headers beside them. The suffixes
 * are those of Kafka's own `__dlq.errors.*` (KIP-1191).
 *
 * A record that was small only while it was compressed may be larger than a dead letter can be. Refused, it would stop
 * its partition without end; so its dead letter holds as much of it as there is room for, and says how much is missing.
 */
import type { ErrorCode } from '@astrolabe/service-kit/errors';
import { headerNames, toHeaders } from './headers.ts';
import { recordSizeBytes, type ConsumedRecord, type OutgoingRecord, type RecordHeaders } from './record.ts';
import { DEAD_LETTER_MAX_BYTES } from '../topics/topics.ts';

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
/** What a broker measures is the batch, whose own header is 61 bytes. */
const MAX_DEAD_LETTER_BYTES = DEAD_LETTER_MAX_BYTES - 1_024;
/** Of a key, or of our own headers, on a dead letter whose record does not fit: a longer one is left out. */
const MAX_KEPT_BYTES = 1_024;

/**
 * The dead letter of a consumed record. Same partition number as its source, so that both topics are read side by side.
 * Cut where it would not fit: the value first, and only if that is not enough a long key, long headers and those that
 * are not this pipeline's own.
 */
export function toDeadLetter(source: ConsumedRecord, cause: DeadLetterCause): OutgoingRecord {
  const { code, message, group, atMs, deliveryCount, firstAttemptAtMs, lastAttemptAtMs, status } = cause;
  const causeHeaders = toHeaders({
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
  });
  const own = { key: source.key, value: source.value, headers: withoutEarlierCause(source.headers) };
  const whole = { ...own, headers: { ...own.headers, ...causeHeaders } };
  const kept = recordSizeBytes(whole) > MAX_DEAD_LETTER_BYTES ? cut(own, causeHeaders) : whole;
  return { ...kept, partition: source.partition };
}

type Content = Pick<OutgoingRecord, 'key' | 'value' | 'headers'>;

function cut(own: Content, causeHeaders: RecordHeaders): Content {
  const withValue = ({ key, headers }: Content, valueBytes: number): Content => {
    const value = own.value?.subarray(0, Math.max(0, valueBytes)) ?? null;
    const cutBytes = recordSizeBytes(own) - recordSizeBytes({ key, value, headers });
    return {
      key,
      value,
      headers: { ...headers, ...causeHeaders, ...toHeaders({ [headerNames.deadLetterCutBytes]: String(cutBytes) }) },
    };
  };
  const roomBeside = (content: Content): number => MAX_DEAD_LETTER_BYTES - recordSizeBytes(withValue(content, 0));
  const room = roomBeside(own);
  if (room >= 0) return withValue(own, room);
  const short = { ...own, key: keepShort(own.key), headers: withOwnShortHeaders(own.headers) };
  return withValue(short, roomBeside(short));
}

function keepShort(bytes: Buffer | null | undefined): Buffer | null {
  return bytes != null && bytes.length <= MAX_KEPT_BYTES ? bytes : null;
}

function withOwnShortHeaders(headers: RecordHeaders): RecordHeaders {
  const kept: Record<string, Buffer> = {};
  for (const name of Object.values(headerNames)) {
    const value = keepShort(headers[name]);
    if (value !== null) kept[name] = value;
  }
  return kept;
}

function toIso(epochMs: number | undefined): string | undefined {
  return epochMs === undefined ? undefined : new Date(epochMs).toISOString();
}

const CAUSE_PREFIX = 'dlq.';

/** A dead letter that was sent in again and dies again must not show parts of its first death beside the second. */
function withoutEarlierCause(headers: RecordHeaders): RecordHeaders {
  const names = Object.keys(headers);
  if (!names.some((name) => name.startsWith(CAUSE_PREFIX))) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(CAUSE_PREFIX)));
}
