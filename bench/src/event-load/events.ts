/**
 * Identify calls as Engage sends them when a user enters an audience, and the requests that hold them. Each event's
 * number is in a trait, so that the API stub knows each without a table of ids. The numbers of a run begin with 0.
 */

/** What every request of a run is sent to, and as whom. */
export interface RequestTarget {
  readonly host: string;
  readonly writeKey: string;
  /** Event `index` is of user `index % users`. */
  readonly users: number;
}

const SEQUENCE = 'audience_sequence';
const TIMESTAMP = '2026-03-01T12:00:00.000Z';

const context = JSON.stringify({
  library: { name: 'unknown', version: 'unknown' },
  personas: {
    computation_class: 'audience',
    computation_id: 'aud_2b7rVvH3nKcQyEwXzT5mLp0sDfG',
    computation_key: 'trial_expires_soon',
    namespace: 'spa_8pWxQ2dJtR6uNcYkZe1vAb',
    space_id: 'spa_8pWxQ2dJtR6uNcYkZe1vAb',
  },
});

/** About 500 bytes of ASCII. */
function eventText(index: number, users: number): string {
  const traits = `{"trial_expires_soon":true,"plan":"enterprise","${SEQUENCE}":${index}}`;
  const identity = `"userId":"user-${index % users}","messageId":"engage-${index}"`;
  return `{"type":"identify",${identity},"timestamp":"${TIMESTAMP}","traits":${traits},"integrations":{},"context":${context}}`;
}

/** `POST /v1/identify` with event `index`. */
export function singleRequest(target: RequestTarget, index: number): Buffer {
  return toRequest('/v1/identify', target, eventText(index, target.users));
}

/** `POST /v1/batch` with `count` events from `first` on. */
export function batchRequest(target: RequestTarget, first: number, count: number): Buffer {
  const events = Array.from({ length: count }, (_, place) => eventText(first + place, target.users));
  return toRequest('/v1/batch', target, `{"batch":[${events.join(',')}]}`);
}

function toRequest(path: string, { host, writeKey }: RequestTarget, body: string): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: ${host}`,
    'content-type: application/json',
    `authorization: Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`,
    `content-length: ${body.length}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1');
}

const SEQUENCE_MARKER = `"${SEQUENCE}":`;

/** The number of the event that a call with this JSON text stems from. Throws for the text of another. */
export function sequenceOf(text: string): number {
  const marker = text.indexOf(SEQUENCE_MARKER);
  const index = Number.parseInt(text.slice(marker + SEQUENCE_MARKER.length, marker + SEQUENCE_MARKER.length + 16), 10);
  if (marker < 0 || Number.isNaN(index)) throw new Error(`a call that stems from none of the events: ${text}`);
  return index;
}

/** The same of a command of a bulk call, parsed. */
export function sequenceIn(properties: Readonly<Record<string, unknown>>): number {
  const index = properties[SEQUENCE];
  if (typeof index !== 'number') throw new Error(`a command that stems from none of the events`);
  return index;
}
