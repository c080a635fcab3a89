import { headerNames, toHeaders, type ConsumedRecord } from '@astrolabe/records';
import type { Connector } from '@astrolabe/service-kit/connectors';
import { parseEvent, type SegmentEvent } from '@astrolabe/segment';
import type { EventFacts } from '../core/mapping.ts';

export const receivedAtMs = Date.UTC(2025, 10, 24, 10, 30);

export const facts: EventFacts = {
  connectorId: 'acme',
  messageId: 'm-1',
  receivedAtMs,
  receipt: { arrival: 'live', atMs: receivedAtMs },
  writtenAtMs: receivedAtMs,
};

export const acme: Connector = {
  id: 'acme',
  name: 'Acme',
  apiKey: '',
  writeKeys: [],
  freeEmailProviders: 'allow',
  enabled: true,
};

/** An event as the mapper reads it. Throws if the JSON is not an event. */
export function eventOf(json: object): SegmentEvent {
  const parsed = parseEvent(json);
  if (parsed.kind === 'event') return parsed.event;
  throw new Error(parsed.defects.map(({ message }) => message).join('; '));
}

/** A record of the event topic as ingest writes it. */
export function eventRecord(json: unknown, fields: Partial<ConsumedRecord> = {}): ConsumedRecord {
  return {
    topic: 'segment.events.v1',
    partition: 0,
    offset: 0n,
    timestampMs: receivedAtMs,
    key: Buffer.from('["acme","user","u"]'),
    value: Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)),
    headers: toHeaders({
      [headerNames.connectorId]: 'acme',
      [headerNames.messageId]: 'm-1',
      [headerNames.receivedAt]: new Date(receivedAtMs).toISOString(),
    }),
    ...fields,
  };
}
