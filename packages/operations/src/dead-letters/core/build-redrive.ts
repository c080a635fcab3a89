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
import { validateEvent } from '../../core/validated-event.ts';
import { positionOf, type DeadLetter } from './dead-letter.ts';
import type { EditedDeadLetter } from './edited-export.ts';
import type { DeadLetterContent } from './dead-letter-content.ts';

export interface RedriveRules {
  /** A dead letter that has been redriven this often is not sent back again. */
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

/** What an operator decided about one dead letter. */
export interface RedriveWish {
  /** Its value in an edited export; undefined: it goes back as it is. */
  readonly edited: EditedDeadLetter['value'];
  /** The operator has named this dead letter and vouches for its sender. */
  readonly asTrusted: boolean;
}

export function buildRedrive(
  deadLetter: DeadLetter,
  content: DeadLetterContent,
  wish: RedriveWish,
  rules: RedriveRules,
): Redrive {
  const { edited } = wish;
  if (deadLetter.redriveCount >= rules.maxRedrives) return { kind: 'exhausted' };
  const { key, value } = deadLetter.record;
  const isEdited = edited !== undefined && !isSame(content, edited);
  if (deadLetter.cutBytes > 0 && !isEdited) {
    return refuse(
      `${deadLetter.cutBytes} bytes of the record did not fit the dead letter; edit it, or read the whole record at ${sourceOf(deadLetter)}`,
    );
  }
  if (deadLetter.role === 'commands') {
    if (!isEdited) return send(deadLetter, { key, value }, false, rules);
    return edited.kind === 'command' && content.kind === 'command'
      ? sendCommand(deadLetter, content.command, edited.text, rules)
      : refuse('only a command that could be decoded can be edited');
  }
  // What was on the topic before goes back byte for byte; what ingest or a backfill refused is validated again.
  if (!isEdited && deadLetter.isFromTopic) return send(deadLetter, { key, value }, false, rules);
  if (isEdited && edited.kind === 'command') return refuse('a command cannot replace an event');
  if (isEdited) return sendEvent(deadLetter, edited.text, true, wish, rules);
  if (content.kind !== 'event') return refuse(`${deadLetter.code}: ${deadLetter.message}`);
  return sendEvent(deadLetter, content.text, false, wish, rules);
}

function sendEvent(
  deadLetter: DeadLetter,
  text: string,
  isEdited: boolean,
  { asTrusted }: RedriveWish,
  rules: RedriveRules,
): Redrive {
  const { record, connectorId, messageId, receivedAtMs } = deadLetter;
  if (messageId === undefined) return refuse('the dead letter has no message-id header');
  const isTrusted = asTrusted || deadLetter.senderTrust !== 'write-key';
  const validated = validateEvent(text, {
    connectorId,
    newMessageId: () => messageId,
    receivedAtMs,
    fallbackMs: record.timestampMs,
    isTrusted,
    // What was sent too large with a write key must not get in by a redrive. An operator who edits it decides what it
    // holds.
    maxEventBytes: isEdited || isTrusted ? maxDeliveredEventBytes : maxBytesOf(deadLetter),
  });
  if (validated.kind === 'rejected' && validated.code === 'event.unauthenticated') {
    const { type = 'event', userId = 'unknown' } = validated;
    return { kind: 'untrusted', reason: `${type} of user ${userId}: not sent with the API key` };
  }
  if (validated.kind === 'rejected') return refuse(`${validated.code}: ${validated.reason}`);
  if (validated.messageId !== messageId) {
    return refuse(`the event's messageId is ${validated.messageId}; remove it, or set it to ${messageId}`);
  }
  const sent = send(deadLetter, validated, isEdited, rules);
  if (!asTrusted || sent.kind !== 'send') return sent;
  // Should it be dead-lettered again, it is known that an operator vouched for it.
  const headers = { ...sent.record.headers, ...toHeaders({ [headerNames.senderTrust]: 'operator' }) };
  return { ...sent, record: { ...sent.record, headers } };
}

/** Segment's own deliveries may be larger than what its API accepts; what was too large before is too large again. */
function maxBytesOf({ code }: DeadLetter): number {
  return code === 'event.too-large' ? maxEventBytes : maxDeliveredEventBytes;
}

/** Ids decide what a command is and what it may overwrite; to change them, edit the event. */
const FIXED_FIELDS = ['kind', 'commandId', 'connectorId', 'messageId', 'userId', 'accountId', 'anonymousId'] as const;

function sendCommand(deadLetter: DeadLetter, before: Command, text: string, rules: RedriveRules): Redrive {
  if (rules.encoder === undefined)
    return refuse('SCHEMA_REGISTRY_URL is not set, so an edited command cannot be encoded');
  const fields = parseJson(text) as Readonly<Record<string, unknown>>;
  const original: Readonly<Record<string, unknown>> = { kind: before.kind, ...before.record };
  const changed = FIXED_FIELDS.find((field) => fields[field] !== original[field]);
  if (changed !== undefined) return refuse(`${changed} of a command must not change; edit the event instead`);
  const kind = commandKinds.find((each) => each === fields['kind']);
  if (kind === undefined) return refuse('the command has no kind');
  const { kind: _kind, ...record } = fields;
  try {
    const value = rules.encoder.encode({ kind, record } as unknown as Command);
    return send(deadLetter, { key: deadLetter.record.key, value }, true, rules);
  } catch (error) {
    return refuse(`the command does not fit its schema: ${(error as Error).message}`);
  }
}

function send(
  deadLetter: DeadLetter,
  { key, value }: { readonly key: Buffer | null; readonly value: Buffer | null },
  isEdited: boolean,
  { partitions }: RedriveRules,
): Redrive {
  const { record, redriveCount } = deadLetter;
  const headers: RecordHeaders = {
    ...Object.fromEntries(Object.entries(record.headers).filter(([name]) => !name.startsWith('dlq.'))),
    ...toHeaders({
      [headerNames.redriveCount]: String(redriveCount + 1),
      [headerNames.redriveFrom]: positionOf(record),
    }),
  };
  // Where a producer would put it: the order of a key holds only within the partition of its other records.
  const partition = key === null ? record.partition % partitions : partitionFor(key, partitions);
  return { kind: 'send', record: { key, value, headers, partition }, isEdited };
}

/** Whether an export still has the value of the dead letter, whatever its layout. */
function isSame(content: DeadLetterContent, edited: NonNullable<EditedDeadLetter['value']>): boolean {
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
