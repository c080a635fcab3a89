/** What was read of a topic as a row of the live view. Pure. */
import type { TailedItem } from '@astrolabe/operations';
import { replayedOffsetOf } from '@astrolabe/records';
import { stringifyJson, type JsonValue } from '@astrolabe/schemas';
import { toInstant } from '../../panel.ts';
import { beginningOf, bytesPayload, cutText, toPayload, type MaskText } from '../../payload/payload.ts';
import type { liveTopics, LiveRow } from '../../shapes/live.ts';
import type { Payload } from '../../shapes/values.ts';

export type LiveTopic = (typeof liveTopics)[number];

export interface LiveItem {
  /** Counts what was read, over all topics. */
  readonly sequence: number;
  readonly row: LiveRow;
  /** What a search for text looks at. */
  readonly text: string;
}

/** What a row shows of a value. */
const SHOWN_CHARACTERS = 2_000;
/** Of each other member: senders write what they like there. */
const MEMBER_CHARACTERS = 1_000;
/** What a search looks at of a row that is kept for those who come back. */
const KEPT_CHARACTERS = 4_000;

/** `text` is all of what may be seen of the value. */
export function toLiveItem(topic: LiveTopic, item: TailedItem, sequence: number, mask: MaskText): LiveItem {
  if (item.kind === 'delivery') return { sequence, row: deliveryRow(topic, item.delivery), text: '' };
  const { record } = item;
  const isCommand = record.role === 'command';
  const payload = isCommand ? commandPayload(record, mask) : toPayload(record.stored, mask);
  const text = payload.kind === 'text' ? payload.text : '';
  return {
    sequence,
    row: {
      topic,
      topicName: record.topic,
      partition: record.partition,
      offset: record.offset.toString(),
      at: toInstant(record.timestampMs),
      connector: short(record.connectorId),
      type: short(record.type),
      event: short(record.event),
      user: short(record.userId),
      account: short(record.accountId),
      messageId: short(record.messageId),
      commandId: short(record.commandId),
      code: short(record.code),
      message: short(record.message),
      payload: payload.kind === 'text' ? cutText(text, SHOWN_CHARACTERS) : payload,
    },
    text,
  };
}

/** For those who come back: of a long text its beginning, so that what is kept is bounded. */
export function toKeptItem(item: LiveItem): LiveItem {
  return item.text.length <= KEPT_CHARACTERS ? item : { ...item, text: beginningOf(item.text, KEPT_CHARACTERS) };
}

function short(text: string | undefined): string | undefined {
  return text === undefined ? undefined : beginningOf(text, MEMBER_CHARACTERS);
}

function commandPayload(
  { stored, value }: { readonly stored: Buffer | null; readonly value: JsonValue | undefined },
  mask: MaskText,
): Payload {
  if (value !== undefined) return { kind: 'text', text: mask(stringifyJson(value)) };
  if (stored === null) return { kind: 'none' };
  return bytesPayload(stored, 'its schema could not be read from the registry', mask, SHOWN_CHARACTERS);
}

function deliveryRow(topic: LiveTopic, delivery: Extract<TailedItem, { kind: 'delivery' }>['delivery']): LiveRow {
  return {
    topic,
    topicName: delivery.topic,
    partition: delivery.partition,
    offset: (replayedOffsetOf(delivery.offset) ?? delivery.offset).toString(),
    at: toInstant(delivery.atMs),
    connector: delivery.connectorId,
    commandId: delivery.commandId,
    outcome: delivery.outcome,
    status: delivery.status,
  };
}
