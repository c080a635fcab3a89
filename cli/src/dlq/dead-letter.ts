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
import { messageIdOf } from '../trace/message-id.ts';

/** What gives up the line of a file, in the dead letter's `dlq.group`. */
export const BACKFILL_GROUP = 'backfill';

export type LetterRole = 'events' | 'commands';

export interface DeadLetter {
  readonly role: LetterRole;
  readonly record: ConsumedRecord;
  /** When it was given up; where the letter does not say, when it was stored. */
  readonly atMs: number;
  readonly code: string;
  readonly message: string;
  readonly connectorId: string;
  readonly messageId: string | undefined;
  readonly commandId: string | undefined;
  /** Whether it was on its source topic before: what a door refused (ingest, backfill) never was. */
  readonly isFromTopic: boolean;
  /** What its sender had shown when it came. */
  readonly senderTrust: SenderTrust;
  /** When ingest took it; undefined where that is not known, as of what a backfill read from a file. Epoch milliseconds. */
  readonly receivedAtMs: number | undefined;
  /** How often it has come back from the dead letters of this topic already. */
  readonly redriveCount: number;
  /** How much of the record did not fit the letter; 0 for one that is whole. */
  readonly cutBytes: number;
}

export function readDeadLetter(role: LetterRole, record: ConsumedRecord): DeadLetter {
  const at = Date.parse(headerText(record, headerNames.deadLetterAt) ?? '');
  return {
    role,
    record,
    atMs: Number.isNaN(at) ? record.timestampMs : at,
    code: headerText(record, headerNames.deadLetterCode) ?? 'unknown',
    message: headerText(record, headerNames.deadLetterMessage) ?? '',
    connectorId: headerText(record, headerNames.connectorId) ?? 'unknown',
    messageId: headerText(record, headerNames.messageId) ?? messageIdOf(record),
    commandId: headerText(record, headerNames.commandId),
    isFromTopic: record.headers[headerNames.deadLetterTopic] !== undefined,
    senderTrust: senderTrustOf(record),
    receivedAtMs: readReceipt(record),
    redriveCount: readRedriveCount(record),
    cutBytes: Number(headerText(record, headerNames.deadLetterCutBytes) ?? 0),
  };
}

/** What a backfill stored has the time of its run there, which says nothing of when the event was received. */
function readReceipt(record: ConsumedRecord): number | undefined {
  const isFromFile = headerText(record, headerNames.deadLetterGroup) === BACKFILL_GROUP;
  if (isFromFile || senderTrustOf(record) === 'operator') return undefined;
  return parseTimestamp(headerText(record, headerNames.receivedAt));
}

/**
 * The mapper hands an event's headers on to its commands, so the count is of this topic only where `redrive-from` says so: an event that was
 * redriven takes nothing from what its commands may be.
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

export function deadLetterTopics(topics: Topics): Readonly<Record<LetterRole, string>> {
  return { events: topics.segmentEventsDeadLetters.name, commands: topics.commandsDeadLetters.name };
}

export function sourceTopics(topics: Topics): Readonly<Record<LetterRole, string>> {
  return { events: topics.segmentEvents.name, commands: topics.commands.name };
}

/** `events`, `commands`, or the name of a topic or of its dead letters. */
export function roleOf(topics: Topics, name: string): LetterRole | undefined {
  return (['events', 'commands'] as const).find(
    (role) => name === role || name === deadLetterTopics(topics)[role] || name === sourceTopics(topics)[role],
  );
}

/** What is asked for. Each part that is given has to hold. */
export interface LetterFilter {
  readonly connector?: string;
  readonly code?: string;
  readonly messageId?: string;
  readonly commandId?: string;
}

export function matchesFilter(letter: DeadLetter, { connector, code, messageId, commandId }: LetterFilter): boolean {
  return (
    (connector === undefined || letter.connectorId === connector) &&
    (code === undefined || letter.code === code) &&
    (messageId === undefined || letter.messageId === messageId) &&
    (commandId === undefined || letter.commandId === commandId)
  );
}
