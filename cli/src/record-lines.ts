/** Records and deliveries as one line: for people, and of JSON for scripts. */
import type { DescribedDelivery, DescribedRecord } from '@astrolabe/operations';
import { replayedOffsetOf } from '@astrolabe/records';
import { stringifyJson, type JsonObject, type JsonValue } from '@astrolabe/schemas';

/** `2026-11-24T10:00:00.000Z segment.events.v1 3:41 acme track "Signed Up" user u1 message m1`. */
export function toRecordLine(record: DescribedRecord): string {
  const { connectorId, type, event, userId, accountId, messageId, commandId, forcedId, code, message } = record;
  const named = (name: string, value: string | undefined): string[] =>
    value === undefined ? [] : [`${name} ${value}`];
  return [
    new Date(record.timestampMs).toISOString(),
    record.topic,
    `${record.partition}:${record.offset}`,
    connectorId ?? '-',
    type ?? '-',
    ...(event === undefined ? [] : [JSON.stringify(event)]),
    ...named('user', userId),
    ...named('account', accountId),
    ...named('message', messageId),
    ...named('command', commandId),
    ...named('forced as', forcedId),
    ...(code === undefined ? [] : [`${code}: ${message ?? ''}`]),
  ].join(' ');
}

/** One line of JSON, whole numbers of any length as they are; `more` is what else is known of the record. */
export function toRecordJson(
  { timestampMs, offset, value, stored: _stored, ...record }: DescribedRecord,
  more: JsonObject = {},
): string {
  const members = Object.entries(record).filter(([, member]) => member !== undefined) as [string, JsonValue][];
  return stringifyJson({
    ...Object.fromEntries(members),
    offset: Number(offset),
    at: new Date(timestampMs).toISOString(),
    ...more,
    value: value ?? null,
  });
}

/**
 * `2026-11-24T10:00:00.000Z astrolabe.deliveries.v1 3:41 acme delivered 200 command <id>`; the offset is that of the
 * command, `3:replayed:41` on the topic of replayed commands.
 */
export function toDeliveryLine(delivery: DescribedDelivery): string {
  const { atMs, topic, partition, offset, connectorId, outcome, status, commandId, forcedId } = delivery;
  const at = new Date(atMs).toISOString();
  const forced = forcedId === undefined ? '' : ` forced as ${forcedId}`;
  const replayed = replayedOffsetOf(offset);
  const place = replayed === undefined ? `${partition}:${offset}` : `${partition}:replayed:${replayed}`;
  return `${at} ${topic} ${place} ${connectorId} ${outcome} ${status ?? '-'} command ${commandId}${forced}`;
}

/** One line of JSON. */
export function toDeliveryJson(delivery: DescribedDelivery): string {
  const { atMs, topic, partition, offset, connectorId, outcome, status, commandId, forcedId } = delivery;
  return JSON.stringify({
    role: 'delivery',
    topic,
    partition,
    commandOffset: Number(replayedOffsetOf(offset) ?? offset),
    ...(replayedOffsetOf(offset) === undefined ? {} : { isReplayed: true }),
    connectorId,
    commandId,
    ...(forcedId === undefined ? {} : { forcedId }),
    outcome,
    ...(status === undefined ? {} : { status }),
    at: new Date(atMs).toISOString(),
  });
}
