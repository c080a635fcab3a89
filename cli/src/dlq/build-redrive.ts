/** A dead letter → the record that goes back to its source topic, or why it may not. Pure. */
import { isDeepStrictEqual } from 'node:util';
import {
  headerNames,
  headerText,
  partitionFor,
  toHeaders,
  type CommandEncoder,
  type OutgoingRecord,
  type RecordHeaders,
} from '@astrolabe/kafka';
import { commandKinds, parseJson, type Command } from '@astrolabe/schemas';
import { parseRawJson, parseTimestamp } from '@astrolabe/segment';
import { validateEvent } from '../validated-event.ts';
import { positionOf, type DeadLetter } from './dead-letter.ts';
import type { EditedLetter } from './edited-export.ts';
import type { LetterContent } from './letter-text.ts';

export interface RedriveRules {
  /** A letter that has come back this often stays where it is. */
  readonly maxRedrives: number;
  /** Of the source topic. */
  readonly partitions: number;
  /** Undefined where no registry is configured: then an edited command is refused. */
  readonly encoder: CommandEncoder | undefined;
}

export type Redrive =
  | {
      readonly kind: 'send';
      readonly record: OutgoingRecord & { readonly partition: number };
      readonly isEdited: boolean;
    }
  | { readonly kind: 'exhausted' }
  | { readonly kind: 'refused'; readonly reason: string };

/** `edited` is what an export says now; without it the letter goes as it is. */
export function buildRedrive(
  letter: DeadLetter,
  content: LetterContent,
  edited: EditedLetter['value'],
  rules: RedriveRules,
): Redrive {
  if (letter.redriveCount >= rules.maxRedrives) return { kind: 'exhausted' };
  const { key, value } = letter.record;
  const isEdited = edited !== undefined && !isSame(content, edited);
  if (letter.cutBytes > 0 && !isEdited) {
    return refuse(
      `${letter.cutBytes} bytes of the record did not fit its dead letter; edit it, or read it whole at ${sourceOf(letter)}`,
    );
  }
  if (letter.role === 'commands') {
    if (!isEdited) return send(letter, { key, value }, false, rules);
    return edited.kind === 'command' && content.kind === 'command'
      ? sendCommand(letter, content.command, edited.text, rules)
      : refuse('only a command that could be decoded can be edited');
  }
  // What was on the topic before goes back byte for byte; what a door refused has to get through it first.
  if (!isEdited && letter.isFromTopic) return send(letter, { key, value }, false, rules);
  if (isEdited)
    return edited.kind === 'command' ? refuse('an event is no command') : sendEvent(letter, edited.text, true, rules);
  if (content.kind !== 'event') return refuse(`${letter.code}: ${letter.message}`);
  return sendEvent(letter, content.text, false, rules);
}

function sendEvent(letter: DeadLetter, text: string, isEdited: boolean, rules: RedriveRules): Redrive {
  const { record, connectorId, messageId } = letter;
  if (messageId === undefined) return refuse('the letter has no message-id header');
  const received = record.headers[headerNames.receivedAt]?.toString('utf8');
  const validated = validateEvent(text, {
    connectorId,
    newMessageId: () => messageId,
    receivedAtMs: parseTimestamp(received) ?? record.timestampMs,
  });
  if (validated.kind === 'rejected') return refuse(`${validated.code}: ${validated.reason}`);
  if (validated.messageId !== messageId) {
    return refuse(`the event's messageId is ${validated.messageId}; leave it out, or let it be ${messageId}`);
  }
  return send(letter, validated, isEdited, rules);
}

/** Ids and times decide what a command is and what it may overwrite; who wants others wants another event. */
const FIXED_FIELDS = ['kind', 'commandId', 'connectorId', 'messageId', 'userId', 'accountId', 'anonymousId'] as const;

function sendCommand(letter: DeadLetter, before: Command, text: string, rules: RedriveRules): Redrive {
  if (rules.encoder === undefined)
    return refuse('SCHEMA_REGISTRY_URL is not set, so an edited command cannot be written');
  const fields = parseJson(text) as Readonly<Record<string, unknown>>;
  const original: Readonly<Record<string, unknown>> = { kind: before.kind, ...before.record };
  const changed = FIXED_FIELDS.find((field) => fields[field] !== original[field]);
  if (changed !== undefined) return refuse(`${changed} of a command must stay as it is; edit the event instead`);
  const kind = commandKinds.find((each) => each === fields['kind']);
  if (kind === undefined) return refuse('the command has no kind');
  const { kind: _kind, ...record } = fields;
  try {
    const value = rules.encoder.encode({ kind, record } as unknown as Command);
    return send(letter, { key: letter.record.key, value }, true, rules);
  } catch (error) {
    return refuse(`the command does not fit its schema: ${(error as Error).message}`);
  }
}

function send(
  letter: DeadLetter,
  { key, value }: { readonly key: Buffer | null; readonly value: Buffer | null },
  isEdited: boolean,
  { partitions }: RedriveRules,
): Redrive {
  const { record, redriveCount } = letter;
  const headers: RecordHeaders = {
    ...Object.fromEntries(Object.entries(record.headers).filter(([name]) => !name.startsWith('dlq.'))),
    ...toHeaders({
      [headerNames.redriveCount]: String(redriveCount + 1),
      [headerNames.redriveFrom]: positionOf(record),
    }),
  };
  // As a producer would place it: the order of a key holds within the partition that its other records are on.
  const partition = key === null ? record.partition % partitions : partitionFor(key, partitions);
  return { kind: 'send', record: { key, value, headers, partition }, isEdited };
}

/** Whether an export still says what the letter holds, however it is laid out. */
function isSame(content: LetterContent, edited: NonNullable<EditedLetter['value']>): boolean {
  if (content.kind === 'command') {
    const original = { kind: content.command.kind, ...content.command.record };
    return edited.kind === 'command' && isDeepStrictEqual(parseJson(edited.text), plain(original));
  }
  if (content.kind === 'event' && edited.kind === 'event') {
    return content.text === edited.text || isDeepStrictEqual(parseRawJson(content.text), parseRawJson(edited.text));
  }
  return content.kind === 'text' && edited.kind === 'text' && content.text === edited.text;
}

/** Own enumerable members as plain objects, so that records of avsc compare with parsed JSON. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
}

function sourceOf({ record }: DeadLetter): string {
  const { deadLetterTopic, deadLetterPartition, deadLetterOffset } = headerNames;
  return [deadLetterTopic, deadLetterPartition, deadLetterOffset].map((name) => headerText(record, name)).join(':');
}

function refuse(reason: string): Redrive {
  return { kind: 'refused', reason };
}
