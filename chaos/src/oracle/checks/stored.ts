/** Of the senders' side: what was answered 200 is there, and what is there was sent, in order. */
import { canonicalJson, type JsonObject } from '@astrolabe/schemas';
import type { Evidence } from '../evidence.ts';
import type { StoredEvent } from '../expected-run.ts';
import { keyOfEvent, rejectionOf } from '../segment-meaning.ts';
import { eventKey, type Sending } from '../sent-events.ts';
import { readStored } from '../stored-value.ts';
import type { Finding } from '../violation.ts';

/** Clocks of one machine, read by different processes. */
const CLOCK_STEP_MS = 1_000;

/** An acknowledged event is on its topic, a bad one in the dead letters with its cause. */
export function* findUnstored({ sent, expected, observed }: Evidence): Iterable<Finding> {
  const stored = new Set(expected.stored.map(({ record }) => eventKey(record.connectorId, record.messageId)));
  const rejected = new Map<string, string>();
  for (const deadLetter of observed.topics.eventDeadLetters) {
    if (deadLetter.source === undefined)
      rejected.set(eventKey(deadLetter.connectorId, deadLetter.messageId), deadLetter.code);
  }
  const told = new Set<string>();
  for (const { event, call, end } of sent.all()) {
    const { connectorId, sequence } = call;
    const key = eventKey(connectorId, event.messageId);
    if (end.kind !== 'acknowledged' || told.has(key)) continue;
    const rejection = rejectionOf(event.body);
    if (rejection === undefined ? stored.has(key) : rejected.get(key) === rejection) continue;
    told.add(key);
    const where = rejection === undefined ? 'on the event topic' : `in the dead letters as ${rejection}`;
    const found = rejection === undefined ? 'it is not' : `there it is ${rejected.get(key) ?? 'not'}`;
    yield {
      invariant: 'stored',
      subject: `event ${event.messageId} of ${connectorId}`,
      detail: `call ${sequence} was answered 200 and its event has to be ${where}; ${found}`,
      event: { connectorId, messageId: event.messageId },
    };
  }
}

/** Nothing is on the topics that nobody sent, and nothing says anything else than was sent. */
export function* findAltered({ sent, expected, observed }: Evidence): Iterable<Finding> {
  for (const { connectorId, messageId, partition, offset } of expected.strangers) {
    yield {
      invariant: 'stored-as-sent',
      subject: `event ${messageId} of ${connectorId}`,
      detail: `the record at ${partition}@${offset} is of no call that could have been stored`,
      event: { connectorId, messageId },
    };
  }
  for (const stored of expected.stored) {
    const difference = differenceOf(stored);
    if (difference === undefined) continue;
    const { connectorId, messageId, partition, offset } = stored.record;
    yield {
      invariant: 'stored-as-sent',
      subject: `event ${messageId} of ${connectorId}`,
      detail: `the record at ${partition}@${offset} ${difference}`,
      event: { connectorId, messageId },
    };
  }
  for (const { source, connectorId, messageId, code } of observed.topics.eventDeadLetters) {
    if (source !== undefined) continue;
    const sendings = sent.of(connectorId, messageId);
    if (sendings.some(({ event, end }) => end.kind !== 'refused' && rejectionOf(event.body) !== undefined)) continue;
    yield {
      invariant: 'stored-as-sent',
      subject: `event ${messageId} of ${connectorId}`,
      detail: `ingest dead-lettered it as ${code}, but no bad event with this id was sent`,
      event: { connectorId, messageId },
    };
  }
}

function differenceOf({ record, sending, receivedAtMs, time }: StoredEvent): string | undefined {
  const { connectorId } = record;
  const { event, end } = sending;
  if (rejectionOf(event.body) !== undefined) return 'is of an event that ingest has to reject';
  const value = readStored(record.value);
  if (value === undefined) return 'is not a JSON object';
  const key = keyOfEvent(connectorId, event.body);
  if (record.key !== key) return `has the key ${String(record.key)} and not ${key}`;
  const changed = changedMember(event.body, value);
  if (changed !== undefined) return `has another ${changed} than was sent`;
  const timestamp = value['timestamp'];
  if (typeof timestamp !== 'string' || Date.parse(timestamp) !== time.correctedMs) {
    return `happened at ${String(timestamp)} and not at ${new Date(time.correctedMs).toISOString()}`;
  }
  if (end.kind === 'acknowledged' && receivedAtMs < end.firstSentAtMs - CLOCK_STEP_MS) {
    return `was received at ${record.receivedAt}, before it was sent`;
  }
  return undefined;
}

function changedMember(body: JsonObject, value: JsonObject): string | undefined {
  return Object.keys(body).find(
    (name) => name !== 'timestamp' && canonicalJson(body[name] ?? null) !== canonicalJson(value[name] ?? null),
  );
}

/**
 * For each key, the first records of its events have the order of sending. A record that was stored again may come
 * anywhere behind.
 */
export function* findEventsOutOfOrder({ expected }: Evidence): Iterable<Finding> {
  const seen = new Set<string>();
  const last = new Map<string, { readonly sending: Sending; readonly partition: number }>();
  for (const { record, sending } of expected.stored) {
    const { connectorId, messageId, partition, offset } = record;
    const event = eventKey(connectorId, messageId);
    if (seen.has(event)) continue;
    seen.add(event);
    const key = keyOfEvent(connectorId, sending.event.body);
    const before = last.get(key);
    last.set(key, { sending, partition });
    if (before === undefined || (before.partition === partition && isBefore(before.sending, sending))) continue;
    yield {
      invariant: 'order-by-key',
      subject: `events of ${key}`,
      detail: `event ${messageId} at ${partition}@${offset} comes behind ${before.sending.event.messageId}, which was sent after it`,
      event: { connectorId, messageId },
    };
  }
}

function isBefore(first: Sending, second: Sending): boolean {
  return (
    first.call.sequence < second.call.sequence ||
    (first.call.sequence === second.call.sequence && first.index < second.index)
  );
}
