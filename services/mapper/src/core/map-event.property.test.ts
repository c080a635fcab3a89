import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerNames, toHeaders, type ConsumedRecord } from '@astrolabe/records';
import { createCommandEncoder } from '@astrolabe/records/serde';
import {
  commandKinds,
  findPropertyDefects,
  parseJson,
  stringifyJson,
  type Command,
  type JsonObject,
  type JsonValue,
} from '@astrolabe/schemas';
import { decodeCommand } from '@astrolabe/schemas/avro';
import { earliestOccurrenceMs } from '@astrolabe/segment';
import fc from 'fast-check';
import { eventRecord, receivedAtMs } from '../testing/events.ts';
import { commandRecord } from './command-record.ts';
import { mapEvent, type MappedEvent } from './map-event.ts';
import type { MappingRules } from './mapping-rules.ts';
import { readEvent } from './read-event.ts';
import type { UserState } from './user-state.ts';

const encoder = createCommandEncoder(new Map(commandKinds.map((kind, index) => [kind, index + 1])));

const emails = fc.constantFrom('ann@gmail.com', 'ann@acme.com', 'Ann <ANN@GMAIL.COM>', 'ann@', 'nobody');
const scalar: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('2025-11-24T10:00:00Z', '1700000000', '2099-01-01', '', 'true', 'identify', 'Astrolabe'),
);
const name = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.constantFrom('__proto__', 'constructor', 'groupId', 'traits', 'Big Spender', 'big_spender', 'email'),
);
const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(name, tie('value')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
  ),
}));

const userId = fc.oneof(fc.string({ unit: 'binary', minLength: 1 }), emails);
const traits = fc.oneof(
  fc.array(fc.tuple(name, value), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
  fc.record({ email: emails, big_spender: value, 'Big Spender': value, other: value }, { requiredKeys: [] }),
);
const personas = fc.record(
  {
    computation_class: fc.oneof(fc.constantFrom('audience', 'trait', 'journey_step'), value),
    computation_key: fc.oneof(fc.constantFrom('big_spender', 'Big Spender'), value),
  },
  { requiredKeys: [] },
);
const type = fc.constantFrom('identify', 'group', 'track', 'delete', 'unsuppress', 'page');

/** Mostly events, with anything at all in any of their fields. */
const eventLike = fc.record(
  {
    type: fc.oneof({ weight: 8, arbitrary: type }, value),
    messageId: fc.oneof(fc.string({ minLength: 1, maxLength: 20 }), value),
    userId: fc.oneof({ weight: 4, arbitrary: userId }, value),
    anonymousId: value,
    groupId: fc.oneof(fc.string({ minLength: 1 }), value),
    event: fc.oneof(fc.string({ minLength: 1 }), value),
    traits: fc.oneof({ weight: 3, arbitrary: traits }, value),
    properties: fc.oneof({ weight: 3, arbitrary: traits }, value),
    context: fc.oneof(fc.record({ groupId: value, traits, personas }, { requiredKeys: [] }), value),
    integrations: fc.oneof(
      { weight: 3, arbitrary: fc.constant({}) },
      fc.record({ All: value, Astrolabe: value }, { requiredKeys: [] }),
    ),
    timestamp: value,
    originalTimestamp: value,
    sentAt: value,
    receivedAt: value,
  },
  { requiredKeys: [] },
) as fc.Arbitrary<JsonObject>;

const anyRules: fc.Arbitrary<MappingRules> = fc
  .record({ isEnabled: fc.constantFrom(true, true, false), freeEmailProviders: fc.constantFrom('allow', 'block') })
  .map((rules) => ({ ...rules, isFree: (domain) => domain === 'gmail.com' }));

const time = fc.oneof(fc.constantFrom(receivedAtMs, receivedAtMs - 1, receivedAtMs + 1), fc.nat());
const anyState: fc.Arbitrary<UserState | undefined> = fc.option(
  fc.oneof(
    fc.record({ suppressed: fc.record({ atMs: time, liftedAtMs: time }, { requiredKeys: ['atMs'] }) }),
    fc.record({ email: fc.record({ domain: fc.constantFrom('gmail.com', 'acme.com'), atMs: time }) }),
  ),
  { nil: undefined },
);

function recordOf(json: JsonValue, timestampMs = receivedAtMs): ConsumedRecord {
  const headers = toHeaders({ [headerNames.connectorId]: 'acme', [headerNames.messageId]: 'm-1' });
  return eventRecord(stringifyJson(json), { headers, timestampMs });
}

function mappedOf(json: JsonValue, rules: MappingRules, state: UserState | undefined): MappedEvent | undefined {
  const read = readEvent(recordOf(json), receivedAtMs);
  return read.kind === 'event' ? mapEvent(read.event, read.facts, rules, state, receivedAtMs) : undefined;
}

/** All that the mapper makes of a record: bytes and state, or the reason why there are none. */
function outcomeOf(record: ConsumedRecord, rules: MappingRules, state: UserState | undefined): unknown {
  const read = readEvent(record, receivedAtMs);
  if (read.kind === 'unreadable') return read;
  const { mapping, nextUserState } = mapEvent(read.event, read.facts, rules, state, receivedAtMs);
  if (mapping.kind !== 'commands') return { mapping, nextUserState };
  const kinds = mapping.commands.map(({ kind }) => kind);
  assert.ok(kinds.length > 0);
  assert.equal(new Set(kinds).size, kinds.length, 'at most one command of each kind');
  const records = mapping.commands.map((command) =>
    commandRecord(command, encoder.encode(command), record, mapping.clamped),
  );
  return { records, withheld: mapping.withheld, nextUserState };
}

test('any JSON at any time is mapped to commands that encode, skipped, or refused with a reason, always with the same bytes and without throwing', () => {
  const anyTime = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.constantFrom(-1, -(2 ** 63), 2 ** 63));
  const json = fc.oneof({ weight: 5, arbitrary: eventLike }, value);
  fc.assert(
    fc.property(json, anyTime, anyRules, anyState, (event, timestampMs, rules, state) => {
      const record = recordOf(event, timestampMs);
      assert.deepEqual(outcomeOf(record, rules, state), outcomeOf(record, rules, state), 'and the same again');
    }),
    { numRuns: 1_000 },
  );
});

test('the same event maps to the same commands and state, in whatever order its names are', () => {
  fc.assert(
    fc.property(eventLike, anyRules, anyState, fc.infiniteStream(fc.nat()), (json, rules, state, picks) => {
      const mapped = (written: JsonObject) => {
        const outcome = mappedOf(written, rules, state);
        // Of several faults the first is told, in the order in which they were written.
        return outcome?.mapping.kind === 'unmappable' ? outcome.mapping.kind : outcome;
      };
      assert.deepEqual(mapped(shuffled(json, () => Number(picks.next().value))), mapped(json));
    }),
    { numRuns: 1_000 },
  );
});

test('no property is lost or changed in type between the event and the decoded command', () => {
  const call = fc.record({ type: fc.constantFrom('identify', 'group', 'track'), map: traits, said: traits });
  fc.assert(
    fc.property(call, ({ type: callType, map, said }) => {
      const [expected, expectedOfUser] = [asRead(map), asRead(said)];
      fc.pre(findPropertyDefects(expected).length === 0 && findPropertyDefects(expectedOfUser).length === 0);
      const field = callType === 'track' ? 'properties' : 'traits';
      const json = { type: callType, userId: 'u', groupId: 'g', event: 'E', [field]: map, context: { traits: said } };
      const { properties, userProperties } = decodedOf(json)[0]?.record as unknown as Record<string, JsonValue>;
      // An identify without traits of its own has those of its context.
      const isBare = callType === 'identify' && Object.keys(expected).length === 0;
      assert.deepEqual(properties, isBare ? expectedOfUser : expected);
      if (callType === 'track') assert.deepEqual(userProperties, expectedOfUser);
    }),
    { numRuns: 1_000 },
  );
});

test("whatever an event's time, the decoded command carries a possible one", () => {
  const times = fc.oneof(value, fc.integer({ min: -1e16, max: 1e16 }), fc.constantFrom('0001-01-01', '9999-12-31'));
  const fields = fc.record({ timestamp: times, originalTimestamp: times, sentAt: times }, { requiredKeys: [] });
  fc.assert(
    fc.property(fields, (json) => {
      for (const { record } of decodedOf({ type: 'group', groupId: 'g', userId: 'u', ...json })) {
        assert.ok(record.occurredAt >= earliestOccurrenceMs && record.occurredAt <= receivedAtMs);
      }
    }),
    { numRuns: 1_000 },
  );
});

/** Through the bytes of the topics, both ways. */
function decodedOf(json: object): Command[] {
  const mapped = mappedOf(
    json as JsonObject,
    { isEnabled: true, freeEmailProviders: 'allow', isFree: () => false },
    undefined,
  );
  assert.ok(mapped?.mapping.kind === 'commands');
  return mapped.mapping.commands.map((command) => decodeCommand(command.kind, encoder.encode(command).subarray(5)));
}

/** What a reader of the event's text finds in it; UTF-8 has no unpaired surrogates. */
function asRead(map: JsonObject): JsonObject {
  return wellFormed(parseJson(stringifyJson(map))) as JsonObject;
}

function wellFormed(json: JsonValue): JsonValue {
  if (typeof json === 'string') return json.toWellFormed();
  if (Array.isArray(json)) return json.map((item: JsonValue) => wellFormed(item));
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(
    Object.entries(json as JsonObject).map(([key, item]) => [key.toWellFormed(), wellFormed(item)]),
  );
}

function shuffled<T extends JsonValue>(json: T, next: () => number): T {
  if (Array.isArray(json)) return json.map((item: JsonValue) => shuffled(item, next)) as unknown as T;
  if (typeof json !== 'object' || json === null) return json;
  const entries = Object.entries(json as JsonObject).map(
    ([key, item]) => [next(), [key, shuffled(item, next)]] as const,
  );
  entries.sort(([a], [b]) => a - b);
  return Object.fromEntries(entries.map(([, entry]) => entry)) as T;
}
