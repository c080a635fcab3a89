/** What a stored event owes to what was sent, whichever SDK sent it. */
import assert from 'node:assert/strict';
import type { JsonObject } from '@astrolabe/schemas';
import { CONNECTOR_ID, type StoredEvent } from './ingest-on-broker.ts';

export const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** One event by its `messageId`; fails when there is not exactly one. */
export function findStored(stored: readonly StoredEvent[], messageId: unknown): StoredEvent {
  const found = stored.filter(({ event }) => event['messageId'] === messageId);
  assert.equal(found.length, 1, `records of ${String(messageId)}`);
  return found[0]!;
}

/**
 * `sent` is the event's JSON text as it went over the network, `batchSentAt` that of its batch where the event has
 * none. The stored value is that text to the last byte, but for `timestamp`, which is corrected for the skew of the
 * sender's clock by Segment's rule; what is added stands before its closing brace.
 */
export function assertStoredAsSent(
  { text, event, headers }: StoredEvent,
  sent: string,
  { batchSentAt }: { readonly batchSentAt?: string } = {},
): void {
  const { receivedAt, sentAt, timestamp, messageId } = event;
  assert.ok(typeof receivedAt === 'string' && typeof sentAt === 'string');
  assert.match(receivedAt, isoTime);
  assert.ok(Math.abs(Date.now() - Date.parse(receivedAt)) < 60_000, 'receivedAt is the time of this test');
  assert.match(sentAt, isoTime);

  const originalTimestamp = String((JSON.parse(sent) as JsonObject)['timestamp']);
  const skewMs = Date.parse(receivedAt) - Date.parse(sentAt);
  assert.equal(timestamp, new Date(Date.parse(originalTimestamp) + skewMs).toISOString());

  const own = sent.slice(0, -1).replace(`"timestamp":"${originalTimestamp}"`, `"timestamp":"${timestamp}"`);
  assert.equal(text.slice(0, own.length), own);
  const added = { receivedAt, originalTimestamp, ...(batchSentAt === undefined ? {} : { sentAt: batchSentAt }) };
  assert.deepEqual(JSON.parse(`{${text.slice(own.length + 1)}`), added);
  const identified = { 'connector-id': CONNECTOR_ID, 'message-id': messageId, 'received-at': receivedAt };
  assert.deepEqual(headers, { ...identified, 'sender-trust': 'write-key' });
}

const varying = ['messageId', 'receivedAt', 'sentAt', 'timestamp', 'originalTimestamp'];

/** The event without what differs from run to run, and without `others`. */
export function lasting({ event }: StoredEvent, ...others: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(event).filter(([name]) => ![...varying, ...others].includes(name)));
}
