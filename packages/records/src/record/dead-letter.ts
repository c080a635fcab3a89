/**
 * Dead letters: the record byte for byte, with its key and headers, and the cause in further headers. Their suffixes
 * are those of Kafka's own `__dlq.errors.*` (KIP-1191).
 *
 * A record that fitted its topic only because it was compressed may be too large for a dead letter. The broker would
 * refuse it, and its partition would never go on. So the dead letter holds as much as fits, and says how much is cut.
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
/** A broker measures the whole batch, whose own header takes 61 bytes. */
const MAX_CONTENT_BYTES = DEAD_LETTER_MAX_BYTES - 1_024;
/** If a record does not fit: the longest key, and the longest header of this pipeline, that its dead letter keeps. */
const MAX_KEPT_BYTES = 1_024;

/**
 * The dead letter of a consumed record. It has the partition number of its source, so that both topics can be read side
 * by side. If it would not fit, its value is cut; if that is not enough, a long key, long headers and foreign headers
 * are dropped too.
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
  const kept = recordSizeBytes(whole) > MAX_CONTENT_BYTES ? cut(own, causeHeaders) : whole;
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
  const roomBeside = (content: Content): number => MAX_CONTENT_BYTES - recordSizeBytes(withValue(content, 0));
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

/** A redriven record that is dead-lettered again must not mix its first cause with the second. */
function withoutEarlierCause(headers: RecordHeaders): RecordHeaders {
  const names = Object.keys(headers);
  if (!names.some((name) => name.startsWith(CAUSE_PREFIX))) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(CAUSE_PREFIX)));
}
