import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEvent } from './parse-event.ts';
import { groupCall, identifyCall, trackCall } from '../testing.ts';

function eventOf(input: unknown, impliedType?: 'track') {
  const parsed = parseEvent(input, impliedType);
  return parsed.kind === 'event' ? parsed.event : assert.fail(JSON.stringify(parsed.defects));
}

function defectsOf(input: unknown): readonly string[] {
  const parsed = parseEvent(input);
  return parsed.kind === 'invalid'
    ? parsed.defects.map(({ code, field, message }) => `${code} ${field}: ${message}`)
    : [];
}

test("the three calls of Segment's Astrolabe page are events with the spec's names", () => {
  const identify = eventOf(identifyCall());
  assert.equal(identify.userId, 'userId123');
  assert.deepEqual(identify.type === 'identify' && identify.traits, { email: 'john.doe@example.com' });
  const group = eventOf(groupCall());
  assert.equal(group.type === 'group' && group.groupId, '0e8c78ea9d97a7b8185e8632');
  const track = eventOf(trackCall());
  assert.equal(track.type === 'track' && track.event, 'User Registered');
});

test('fields and type are read under any casing', () => {
  const event = eventOf({ Type: 'Track', user_id: 'u1', Event: 'E', PROPERTIES: { a: 1 }, message_id: 'm1' });
  assert.deepEqual(event.type === 'track' && [event.userId, event.event, event.properties, event.messageId], [
    'u1',
    'E',
    { a: 1 },
    'm1',
  ]);
});

test('numeric ids are their decimal text, so that 5 and "5" are one user', () => {
  assert.equal(eventOf(identifyCall(1, { userId: 5 })).userId, '5');
  assert.equal(eventOf(identifyCall(1, { userId: 9007199254740993n })).userId, '9007199254740993');
});

test('an empty id is absent, and the anonymous one is used instead', () => {
  const event = eventOf(identifyCall(1, { userId: '', anonymousId: 'a1' }));
  assert.deepEqual([event.userId, event.anonymousId], [undefined, 'a1']);
});

test("PHP's empty array counts as an empty object", () => {
  const event = eventOf(trackCall(1, { properties: [], context: [], integrations: [] }));
  assert.deepEqual(event.type === 'track' && [event.properties, event.context, event.integrations], [{}, {}, {}]);
});

test('a group call needs no user', () => {
  assert.equal(eventOf(groupCall(1, { userId: undefined })).userId, undefined);
});

test('the implied type counts only if the event names none', () => {
  const untyped = { ...trackCall(), type: undefined };
  assert.equal(eventOf(untyped, 'track').type, 'track');
  assert.equal(eventOf(identifyCall(), 'track').type, 'identify');
});

test('delete and unsuppress are types of their own', () => {
  assert.equal(eventOf({ type: 'delete', userId: 'u1', timestamp: '2026-03-01T10:00:00.000Z' }).type, 'delete');
  assert.equal(eventOf({ type: 'unsuppress', userId: 'u1' }).type, 'unsuppress');
});

const invalid: readonly (readonly [name: string, input: unknown, defects: readonly string[]])[] = [
  ['no object', [], ['event.invalid undefined: the event is an array, expected a JSON object']],
  [
    'no type',
    { userId: 'u1' },
    [
      'event.invalid type: type is missing; expected one of identify, group, track, page, screen, alias, delete, unsuppress',
    ],
  ],
  [
    'an unknown type',
    { type: 'purchase', userId: 'u1' },
    [
      'event.unknown-type type: type is "purchase"; expected one of identify, group, track, page, screen, alias, delete, unsuppress',
    ],
  ],
  [
    'nobody',
    { type: 'identify' },
    ['event.invalid userId: an identify call needs a userId or an anonymousId (no_user_anon_id)'],
  ],
  [
    'a track call without a name',
    { type: 'track', userId: 'u1' },
    ['event.invalid event: a track call needs the name of its event'],
  ],
  [
    'a group call without a group',
    { type: 'group', userId: 'u1' },
    ['event.invalid groupId: a group call needs a groupId'],
  ],
  [
    'a delete event without a user',
    { type: 'delete', anonymousId: 'a' },
    ['event.invalid userId: a delete event needs a userId'],
  ],
  [
    'an unsuppress event without a user',
    { type: 'unsuppress', anonymousId: 'a' },
    ['event.invalid userId: an unsuppress event needs a userId'],
  ],
  [
    'traits that are text',
    { type: 'identify', userId: 'u1', traits: 'x' },
    ['event.invalid traits: traits is a string; expected an object'],
  ],
  [
    'an id that is an object',
    { type: 'identify', userId: {} },
    ['event.invalid userId: userId is an object; expected a string'],
  ],
  [
    'a messageId of 101 characters',
    { type: 'identify', userId: 'u1', messageId: 'm'.repeat(101) },
    ['event.invalid messageId: messageId has 101 characters; at most 100 are allowed'],
  ],
];

for (const [name, input, defects] of invalid) {
  test(`${name}: the defects say so`, () => {
    assert.deepEqual(defectsOf(input), defects);
  });
}

test('all defects are named at once, together with what is known of the event', () => {
  const parsed = parseEvent({ type: 'group', messageId: 'm1', anonymousId: 'a1', traits: 1, context: 'x' });
  assert.deepEqual(parsed.kind === 'invalid' && parsed.defects.map(({ field }) => field), [
    'context',
    'traits',
    'groupId',
  ]);
  assert.deepEqual(parsed.kind === 'invalid' && parsed.known, {
    messageId: 'm1',
    type: 'group',
    userId: undefined,
    anonymousId: 'a1',
    groupId: undefined,
  });
});

test('a messageId of 100 characters is accepted', () => {
  assert.equal(eventOf(identifyCall(1, { messageId: 'm'.repeat(100) })).messageId?.length, 100);
});

test('an id may have 512 bytes of UTF-8, counted in bytes and not in characters, in every field that becomes a key', () => {
  const fit = ['x'.repeat(512), '\u00e9'.repeat(256), '\u4e2d'.repeat(170), '\u{1F600}'.repeat(128)];
  const long = ['x'.repeat(513), '\u00e9'.repeat(257), '\u4e2d'.repeat(171), `${'\u{1F600}'.repeat(128)}x`];
  const events = (id: string): readonly (readonly [field: string, event: object])[] => [
    ['userId', { type: 'identify', userId: id }],
    ['userId', { type: 'delete', userId: id }],
    ['userId', { type: 'unsuppress', user_id: id }],
    ['anonymousId', { type: 'page', anonymousId: id }],
    ['anonymousId', { type: 'identify', userId: 'u', anonymousId: id }],
    ['groupId', { type: 'group', groupId: id }],
    ['previousId', { type: 'alias', userId: 'u', previousId: id }],
    ['context.groupId', { type: 'track', userId: 'u', event: 'E', context: { groupId: id } }],
    ['context.groupId', { type: 'identify', userId: 'u', context: { groupId: id } }],
  ];
  for (const id of fit) for (const [, event] of events(id)) assert.equal(parseEvent(event).kind, 'event');
  for (const id of long) {
    for (const [field, event] of events(id)) {
      const parsed = parseEvent(event);
      assert.ok(parsed.kind === 'invalid', field);
      const size = Buffer.byteLength(id);
      assert.deepEqual(
        parsed.defects.map(({ message }) => message),
        [`${field} has ${size} bytes of UTF-8; an id may have at most 512`],
      );
    }
  }
  const { known } = parseEvent({ type: 'identify', userId: 'x'.repeat(513), anonymousId: 'a' }) as { known: object };
  assert.deepEqual(known, {
    messageId: undefined,
    type: 'identify',
    userId: undefined,
    anonymousId: 'a',
    groupId: undefined,
  });
});

test('an id that is a number of more than 512 digits is refused', () => {
  assert.equal(parseEvent({ type: 'identify', userId: 10n ** 512n - 1n }).kind, 'event');
  for (const userId of [10n ** 512n, -(10n ** 512n)]) {
    assert.deepEqual(defectsOf({ type: 'identify', userId }), [
      'event.invalid userId: userId is a number of more than 512 digits',
    ]);
  }
});

test('the name of an event is not an id, and may be longer', () => {
  assert.equal(parseEvent({ type: 'track', userId: 'u', event: 'E'.repeat(1_000) }).kind, 'event');
});
