/** A record of a dead-letter topic, read. Pure. */
import {
  headerNames,
  headerText,
  senderTrustOf,
  type ConsumedRecord,
  type SenderTrust,
  type Topics,
} from '@astrolabe/records';
import { parseTimestamp } from '@astrolabe/segment';
import { messageIdOf } from '../../core/record-ids.ts';

/** The dead letter's `dlq.group` where a backfill refused the line of a file. */
export const BACKFILL_GROUP = 'backfill';

export type DeadLetterRole = 'events' | 'commands';

export interface DeadLetter {
  readonly role: DeadLetterRole;
  readonly record: ConsumedRecord;
  /** When it was dead-lettered; where it does not say, when it was stored. */
  readonly atMs: number;
  readonly code: string;
  readonly message: string;
  readonly connectorId: string;
  readonly messageId: string | undefined;
  readonly commandId: string | undefined;
  /** Whether it was on its source topic before: what ingest or a backfill refused never was. */
  readonly isFromTopic: boolean;
  /** How its sender had authenticated. */
  readonly senderTrust: SenderTrust;
  /**
   * When ingest took it; undefined where that is not known, as of what a backfill read from a file. Epoch milliseconds.
   */
  readonly receivedAtMs: number | undefined;
  /** How often it has come back from the dead letters of this topic already. */
  readonly redriveCount: number;
  /** How much of the record did not fit the dead letter; 0 for one that is whole. */
  readonly cutBytes: number;
}

/** What the headers of a dead letter tell of its cause, for those who count millions of them. */
export function readCause(record: ConsumedRecord): Pick<DeadLetter, 'atMs' | 'code' | 'message' | 'connectorId'> {
  const at = Date.parse(headerText(record, headerNames.deadLetterAt) ?? '');
  return {
    atMs: Number.isNaN(at) ? record.timestampMs : at,
    code: headerText(record, headerNames.deadLetterCode) ?? 'unknown',
    message: headerText(record, headerNames.deadLetterMessage) ?? '',
    connectorId: headerText(record, headerNames.connectorId) ?? 'unknown',
  };
}

export function readDeadLetter(role: DeadLetterRole, record: ConsumedRecord): DeadLetter {
  return {
    role,
    record,
    ...readCause(record),
    messageId: headerText(record, headerNames.messageId) ?? messageIdOf(record),
    commandId: headerText(record, headerNames.commandId),
    isFromTopic: record.headers[headerNames.deadLetterTopic] !== undefined,
    senderTrust: senderTrustOf(record),
    receivedAtMs: readReceipt(record),
    redriveCount: readRedriveCount(record),
    cutBytes: Number(headerText(record, headerNames.deadLetterCutBytes) ?? 0),
  };
}

/** What a backfill stored carries the time of its run, which is not when the event was received. */
function readReceipt(record: ConsumedRecord): number | undefined {
  const isFromFile = headerText(record, headerNames.deadLetterGroup) === BACKFILL_GROUP;
  if (isFromFile || senderTrustOf(record) === 'operator') return undefined;
  return parseTimestamp(headerText(record, headerNames.receivedAt));
}

/**
 * The mapper copies an event's headers to its commands, so the count applies to this topic only where `redrive-from`
 * says so: redrives of an event do not count against its commands.
 */
function readRedriveCount(record: ConsumedRecord): number {
  const from = headerText(record, headerNames.redriveFrom);
  if (!from?.startsWith(`${record.topic}:`)) return 0;
  const count = Number(headerText(record, headerNames.redriveCount));
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}

/** `topic:partition:offset`. */
export function positionOf({
  topic,
  partition,
  offset,
}: Pick<ConsumedRecord, 'topic' | 'partition' | 'offset'>): string {
  return `${topic}:${partition}:${offset}`;
}

export function deadLetterTopics(topics: Topics): Readonly<Record<DeadLetterRole, string>> {
  return { events: topics.segmentEventsDeadLetters.name, commands: topics.commandsDeadLetters.name };
}

export function sourceTopics(topics: Topics): Readonly<Record<DeadLetterRole, string>> {
  return { events: topics.segmentEvents.name, commands: topics.commands.name };
}

/** `name`: `events`, `commands`, or the name of a topic or of its dead-letter topic. */
export function roleOf(topics: Topics, name: string): DeadLetterRole | undefined {
  return (['events', 'commands'] as const).find(
    (role) => name === role || name === deadLetterTopics(topics)[role] || name === sourceTopics(topics)[role],
  );
}

/** Each part that is given has to match. */
export interface DeadLetterFilter {
  readonly connector?: string;
  readonly code?: string;
  readonly messageId?: string;
  readonly commandId?: string;
}

export function matchesDeadLetterFilter(
  deadLetter: DeadLetter,
  { connector, code, messageId, commandId }: DeadLetterFilter,
): boolean {
  return (
    (connector === undefined || deadLetter.connectorId === connector) &&
    (code === undefined || deadLetter.code === code) &&
    (messageId === undefined || deadLetter.messageId === messageId) &&
    (commandId === undefined || deadLetter.commandId === commandId)
  );
}
