/**
 * What the pipeline has to make of the event topic. The topic tells which sending was stored, when and where, for only
 * it knows that of repeated and unanswered requests; what an event means is read from what was sent.
 */
import type { Command } from '@astrolabe/schemas';
import type { TrafficConnector } from '../traffic/traffic-connector.ts';
import { timeOf, type EventTime } from './event-times.ts';
import type { EventRecord, ObservedTopics } from './observed.ts';
import { keyOfCommand, meaningOf, type Meaning } from './segment-meaning.ts';
import type { Sending, SentEvents } from './sent-events.ts';
import { storedSentAt } from './stored-value.ts';
import { UserStatuses } from './replays/user-statuses.ts';
import { UserMemory, type PartitionClock } from './user-memory.ts';

/** A record of the event topic that somebody sent. */
export interface StoredEvent {
  readonly record: EventRecord;
  readonly sending: Sending;
  readonly receivedAtMs: number;
  readonly time: EventTime;
  readonly meaning: Meaning;
  /** Whether its connector turns users with free email addresses away. */
  readonly blocksFreeEmail: boolean;
}

export interface ExpectedCommand {
  readonly command: Command;
  readonly key: string;
  /** The record whose event it stems from. */
  readonly source: EventRecord;
}

export interface ExpectedRun {
  /** In the order of their partitions and offsets. */
  readonly stored: readonly StoredEvent[];
  /** Records that nobody sent. */
  readonly strangers: readonly EventRecord[];
  /** In the order of the event topic; a command whose event is stored twice is here twice. */
  readonly commands: readonly ExpectedCommand[];
  /** The first of each id: the one that the API executes. */
  readonly commandsById: ReadonlyMap<string, ExpectedCommand>;
  /** What is known of the users after each event. */
  readonly statuses: UserStatuses;
}

export function expectRun(
  connectors: readonly TrafficConnector[],
  sent: SentEvents,
  topics: Pick<ObservedTopics, 'events'>,
): ExpectedRun {
  const memories = new Map(
    connectors.map(({ id, freeEmailProviders }) => [id, new UserMemory(freeEmailProviders === 'block')]),
  );
  const stored: StoredEvent[] = [];
  const strangers: EventRecord[] = [];
  const statuses = new UserStatuses();
  const clocks = new Map<number, PartitionClock>();
  const commands: ExpectedCommand[] = [];
  for (const record of inOrder(topics.events)) {
    const sending = findSending(record, sent);
    const memory = memories.get(record.connectorId);
    if (sending === undefined || memory === undefined) {
      strangers.push(record);
      continue;
    }
    const { connectorId, messageId } = record;
    const { body } = sending.event;
    const receivedAtMs = Date.parse(record.receivedAt);
    const time = timeOf(body, sending.sentAt, receivedAtMs);
    const { occurredAtMs } = time;
    const clock = clocks.get(record.partition) ?? { ms: 0 };
    clocks.set(record.partition, clock);
    const meaning = meaningOf({ connectorId, messageId, body, receivedAtMs, occurredAtMs, clock }, memory);
    stored.push({ record, sending, receivedAtMs, time, meaning, blocksFreeEmail: memory.blocksFreeEmail });
    statuses.handled(record, body, memory);
    if (meaning.kind !== 'dead-lettered') clock.ms = Math.max(clock.ms, receivedAtMs);
    if (meaning.kind !== 'mapped') continue;
    for (const { record: told } of meaning.commands) clock.ms = Math.max(clock.ms, told.occurredAt);
    for (const command of meaning.commands) commands.push({ command, key: keyOfCommand(command), source: record });
  }
  const commandsById = new Map<string, ExpectedCommand>();
  for (const expected of commands) {
    const { commandId } = expected.command.record;
    if (!commandsById.has(commandId)) commandsById.set(commandId, expected);
  }
  return { stored, strangers, commands, commandsById, statuses };
}

export function inOrder<T extends { readonly partition: number; readonly offset: bigint }>(records: readonly T[]): T[] {
  return [...records].sort((a, b) => a.partition - b.partition || (a.offset < b.offset ? -1 : 1));
}

/** The call that the record came from: a repeated event tells by the `sentAt` of its batch. */
function findSending(record: EventRecord, sent: SentEvents): Sending | undefined {
  const sendings = sent.of(record.connectorId, record.messageId);
  const sentAt = storedSentAt(record.value);
  return sendings.find((sending) => sending.sentAt === sentAt && sending.end.kind !== 'refused');
}
