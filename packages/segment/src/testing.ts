/** Events for tests: deterministic factories in the form that SDKs send, and fast-check arbitraries. */
import fc from 'fast-check';
import type { EventType } from './events/event.ts';

export { anyJson, anyJsonText } from '@astrolabe/json/testing';

/** A JSON object as `JSON.parse` returns it. */
export type JsonRecord = Record<string, unknown>;

const SENT_AT = '2026-03-01T10:00:00.000Z';

/**
 * The three calls of Segment's Astrolabe page, as `@segment/analytics-node` puts them into a batch. `number` makes each
 * event unique.
 */
export function identifyCall(number = 1, overrides: JsonRecord = {}): JsonRecord {
  return {
    ...callOf('identify', number),
    userId: 'userId123',
    traits: { email: 'john.doe@example.com' },
    ...overrides,
  };
}

export function groupCall(number = 1, overrides: JsonRecord = {}): JsonRecord {
  return {
    ...callOf('group', number),
    userId: 'userId123',
    groupId: '0e8c78ea9d97a7b8185e8632',
    traits: { name: 'Initech', industry: 'Technology', employees: 329, plan: 'enterprise', 'total billed': 830 },
    ...overrides,
  };
}

export function trackCall(number = 1, overrides: JsonRecord = {}): JsonRecord {
  return {
    ...callOf('track', number),
    userId: 'userId123',
    event: 'User Registered',
    properties: { plan: 'Pro Annual', accountType: 'Facebook' },
    ...overrides,
  };
}

function callOf(type: EventType, number: number): JsonRecord {
  return {
    type,
    messageId: `node-next-1772359200000-${String(number).padStart(12, '0')}`,
    timestamp: SENT_AT,
    context: { library: { name: '@segment/analytics-node', version: '3.1.0' } },
    integrations: {},
  };
}

/** Something like a Segment event: right and wrong values under right, odd and unknown names. */
export function anyEventLike(): fc.Arbitrary<unknown> {
  const id = fc.oneof(fc.string(), fc.integer(), fc.constantFrom(null, '', 'u1', true, {}, []));
  const object = fc.oneof(
    fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }),
    fc.constantFrom(null, [], 'text', 7),
  );
  const types = [
    'identify',
    'group',
    'track',
    'page',
    'screen',
    'alias',
    'delete',
    'unsuppress',
    'Track',
    'nonsense',
    '',
    null,
    5,
  ] as const;
  const time = fc.constantFrom(
    '2026-03-01T10:00:00.000Z',
    '2026-03-01T10:00:00+0000',
    'yesterday',
    1772359200000,
    null,
  );
  return fc.record(
    {
      type: fc.constantFrom(...types),
      messageId: fc.oneof(id, fc.string({ minLength: 90, maxLength: 110 })),
      userId: id,
      user_id: id,
      anonymousId: id,
      groupId: id,
      previousId: id,
      event: id,
      traits: object,
      properties: object,
      context: object,
      integrations: object,
      timestamp: time,
      sentAt: time,
      receivedAt: time,
      unknown: fc.jsonValue({ maxDepth: 2 }),
    },
    { requiredKeys: [] },
  );
}
