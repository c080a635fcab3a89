import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCommandEncoder, headerNames, toHeaders, type ConsumedRecord } from '@astrolabe/kafka';
import { commandKinds, stringifyJson, type JsonObject, type JsonValue } from '@astrolabe/schemas';
import fc from 'fast-check';
import { eventRecord } from '../testing/events.ts';
import { commandRecord } from './command-record.ts';
import { mapEvent } from './map-event.ts';
import { readEvent } from './read-event.ts';

const encoder = createCommandEncoder(new Map(commandKinds.map((kind, index) => [kind, index + 1])));

const scalar: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('2025-11-24T10:00:00Z', '1700000000', '', 'identify', 'Astrolabe'),
);
const name = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('__proto__', 'constructor', 'groupId', 'traits'));
const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(name, tie('value')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
  ),
}));

/** Mostly events, with anything at all in any of their fields. */
const eventLike = fc.record(
  {
    type: fc.oneof({ weight: 8, arbitrary: fc.constantFrom('identify', 'group', 'track', 'delete', 'page') }, value),
    messageId: fc.oneof(fc.string({ minLength: 1, maxLength: 20 }), value),
    userId: fc.oneof({ weight: 4, arbitrary: fc.string({ unit: 'binary', minLength: 1 }) }, value),
    anonymousId: value,
    groupId: fc.oneof(fc.string({ minLength: 1 }), value),
    event: fc.oneof(fc.string({ minLength: 1 }), value),
    traits: value,
    properties: value,
    context: fc.oneof(fc.record({ groupId: value, traits: value }, { requiredKeys: [] }), value),
    integrations: fc.oneof(fc.record({ All: value, Astrolabe: value }, { requiredKeys: [] }), value),
    timestamp: value,
    originalTimestamp: value,
    sentAt: value,
    receivedAt: value,
  },
  { requiredKeys: [] },
) as fc.Arbitrary<JsonObject>;

function recordOf(json: JsonValue, timestampMs = 0): ConsumedRecord {
  const headers = toHeaders({ [headerNames.connectorId]: 'acme', [headerNames.messageId]: 'm-1' });
  return eventRecord(stringifyJson(json), { headers, timestampMs });
}

/** All that the mapper makes of a record: bytes, or the reason why there are none. */
function outcomeOf(record: ConsumedRecord): unknown {
  const read = readEvent(record);
  if (read.kind === 'unreadable') return read;
  const mapping = mapEvent(read.event, read.facts);
  if (mapping.kind !== 'commands') return mapping;
  assert.ok(mapping.commands.length > 0);
  return mapping.commands.map((command) => commandRecord(command, encoder.encode(command), record));
}

test('any JSON, at any time, is mapped to commands that encode, skipped, or refused with a reason, each time the same bytes, and nothing throws', () => {
  const time = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.constantFrom(-1, -(2 ** 63), 2 ** 63));
  fc.assert(
    fc.property(fc.oneof({ weight: 5, arbitrary: eventLike }, value), time, (json, timestampMs) => {
      const record = recordOf(json, timestampMs);
      assert.deepEqual(outcomeOf(record), outcomeOf(record), 'and the same again');
    }),
    { numRuns: 1_000 },
  );
});

test('the same event maps to the same commands, in whatever order its names were written', () => {
  const mappingOf = (json: JsonObject) => {
    const read = readEvent(recordOf(json));
    if (read.kind === 'unreadable') return read.code;
    const mapping = mapEvent(read.event, read.facts);
    // Of several faults the first is told, in the order in which they were written.
    return mapping.kind === 'unmappable' ? mapping.kind : mapping;
  };
  fc.assert(
    fc.property(eventLike, fc.infiniteStream(fc.nat()), (json, picks) => {
      assert.deepEqual(mappingOf(shuffled(json, () => Number(picks.next().value))), mappingOf(json));
    }),
    { numRuns: 500 },
  );
});

function shuffled<T extends JsonValue>(json: T, next: () => number): T {
  if (Array.isArray(json)) return json.map((item: JsonValue) => shuffled(item, next)) as unknown as T;
  if (typeof json !== 'object' || json === null) return json;
  const entries = Object.entries(json as JsonObject).map(
    ([key, item]) => [next(), [key, shuffled(item, next)]] as const,
  );
  entries.sort(([a], [b]) => a - b);
  return Object.fromEntries(entries.map(([, entry]) => entry)) as T;
}
