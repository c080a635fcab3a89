/** Ingest's endpoints (docs/sending.md), and how to send events to each. */
import { stringifyJson, type JsonValue } from '@astrolabe/schemas';
import type { TrafficCall, TrafficEvent } from './traffic-call.ts';
import type { TrafficConnector } from './traffic-connector.ts';

/**
 * `batch` is an SDK's flush, with `sentAt`; `single` one call of the Tracking API; `partner` and `webhook` are
 * Segment's.
 */
export type CallForm = 'batch' | 'single' | 'partner' | 'webhook';

/** `sentAt` is ISO 8601, by the sender's clock. */
export function toCallForm(
  form: CallForm,
  connector: TrafficConnector,
  events: readonly TrafficEvent[],
  sentAt: string,
): Pick<TrafficCall, 'path' | 'headers' | 'body'> {
  const bodies = events.map(({ body }) => body);
  const [first = {}] = bodies;
  switch (form) {
    case 'batch': {
      const key = events.some(({ type }) => needsTrust(type)) ? connector.apiKey : connector.writeKey;
      return post(events.length % 5 === 0 ? '/v1/import' : '/v1/batch', key, { batch: bodies, sentAt });
    }
    case 'single':
      return post(`/v1/${events[0]?.type ?? 'track'}`, connector.writeKey, first);
    case 'partner':
      return post('/segment', connector.apiKey, first);
    case 'webhook':
      return post(`/webhook/${connector.id}`, connector.apiKey, bodies);
  }
}

/** Deletion for privacy and its end are taken under the API key only. */
export function needsTrust(type: string): boolean {
  return type === 'delete' || type === 'unsuppress';
}

/** What Segment delivers to a destination; the others are answered 501 there. */
export function isPartnerType(type: JsonValue | undefined): boolean {
  return type === 'identify' || type === 'group' || type === 'track';
}

function post(path: string, key: string, body: JsonValue): Pick<TrafficCall, 'path' | 'headers' | 'body'> {
  const authorization = `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
  return { path, headers: { authorization, 'content-type': 'application/json' }, body: stringifyJson(body) };
}
