/** A dead letter → the record that goes back to its source topic, or why it may not. Pure. */
import { isDeepStrictEqual } from 'node:util';
import {
  headerNames,
  headerText,
  partitionFor,
  toHeaders,
  type OutgoingRecord,
  type RecordHeaders,
} from '@astrolabe/records';
import type { CommandEncoder } from '@astrolabe/records/serde';
import { commandKinds, parseJson, type Command } from '@astrolabe/schemas';
import { maxDeliveredEventBytes, maxEventBytes, parseRawJson } from '@astrolabe/segment';
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
  /** A `delete` or an `unsuppress` whose sender had not shown more than a write key. */
  | { readonly kind: 'untrusted'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

/** What an operator says of one dead letter. */
export interface RedriveWish {
  /** What an export says now; without it the dead letter goes as it is. */
  readonly edited: EditedLetter['value'];
  /** The operator has named this very dead letter and answers for its sender. */
  readonly asTrusted: boolean;
}

export function buildRedrive(
  letter: DeadLetter,
  content: LetterContent,
  wish: RedriveWish,
  rules: RedriveRules,
): Redrive {
  const { edited } = wish;
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
  // What was on the topic before goes back byte for byte; what ingest or a backfill refused is judged again.
  if (!isEdited && letter.isFromTopic) return send(letter, { key, value }, false, rules);
  if (isEdited && edited.kind === 'command') return refuse('a command cannot take the place of an event');
  if (isEdited) return sendEvent(letter, edited.text, true, wish, rules);
  if (content.kind !== 'event') return refuse(`${letter.code}: ${letter.message}`);
  return sendEvent(letter, content.text, false, wish, rules);
}

function sendEvent(
  letter: DeadLetter,
  text: string,
  isEdited: boolean,
  { asTrusted }: RedriveWish,
  rules: RedriveRules,
): Redrive {
  const { record, connectorId, messageId, receivedAtMs } = letter;
  if (messageId === undefined) return refuse('the dead letter has no message-id header');
  const isTrusted = asTrusted || letter.senderTrust !== 'write-key';
  const validated = validateEvent(text, {
    connectorId,
    newMessageId: () => messageId,
    receivedAtMs,
    fallbackMs: record.timestampMs,
    isTrusted,
    // What a write key sent too large does not come in by a redrive either. Whoever edits it decides what it holds.
    maxEventBytes: isEdited || isTrusted ? maxDeliveredEventBytes : maxBytesOf(letter),
  });
  if (validated.kind === 'rejected' && validated.code === 'event.unauthenticated') {
    const { type = 'event', userId = 'unknown' } = validated;
    return { kind: 'untrusted', reason: `${type} of user ${userId}: its sender had shown no more than a write key` };
  }
  if (validated.kind === 'rejected') return refuse(`${validated.code}: ${validated.reason}`);
  if (validated.messageId !== messageId) {
    return refuse(`the event's messageId is ${validated.messageId}; leave it out, or let it be ${messageId}`);
  }
  const sent = send(letter, validated, isEdited, rules);
  if (!asTrusted || sent.kind !== 'send') return sent;
  // Should it come back once more, it is known that an operator has answered for it.
  const headers = { ...sent.record.headers, ...toHeaders({ [headerNames.senderTrust]: 'operator' }) };
  return { ...sent, record: { ...sent.record, headers } };
}

/** Segment's own deliveries are larger than what its API takes; the size that refused a dead letter refuses it again. */
function maxBytesOf({ code }: DeadLetter): number {
  return code === 'event.too-large' ? maxEventBytes : maxDeliveredEventBytes;
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
