import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { computationOf, toPropertyName, withComputation } from './engage.ts';
import type { JsonObject } from '@astrolabe/json';
import { parseEvent } from './parse-event.ts';
import { anyEventLike, anyJson } from '../testing.ts';

const names: readonly (readonly [key: string, propertyName: string])[] = [
  ['Order Completed Last 30days', 'order_completed_last_30days'],
  ['order_completed_last_30days', 'order_completed_last_30days'],
  ['Order-Completed / Last 30days!', 'order_completed_last_30days'],
  ['  First Time Shopper ', 'first_time_shopper'],
  ['Total Revenue (180 days)', 'total_revenue_180_days'],
  ['30 Day Actives', '30_day_actives'],
  ['vip', 'vip'],
  // What Journeys make keeps its runs of underscores: Segment shows the key like that.
  ['j_o_first_purchase__opened_email_dje83h', 'j_o_first_purchase__opened_email_dje83h'],
  ['Große Käufer', 'große_käufer'],
  ['Gro\u00dfe Ka\u0308ufer', 'große_käufer'],
  ['購入済み ユーザー', '購入済み_ユーザー'],
  ['हिन्दी उपयोगकर्ता', 'हिन्दी_उपयोगकर्ता'],
  ['camelCaseKey', 'camelcasekey'],
  ['__proto__', 'proto'],
  ['!!!', ''],
  ['', ''],
];

test("a property is named by the snake case of the audience's name", () => {
  for (const [key, propertyName] of names) assert.equal(toPropertyName(key), propertyName, key);
});

test('a property name maps to itself, whatever it was made of', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (key) => {
      const propertyName = toPropertyName(key);
      assert.equal(toPropertyName(propertyName), propertyName);
    }),
    { numRuns: 1000 },
  );
});

const audience = { personas: { computation_class: 'audience', computation_key: 'vip' } };
const trait = { personas: { computation_class: 'trait', computation_key: 'total_revenue' } };

function computed(json: object) {
  const parsed = parseEvent({ userId: 'u', ...json });
  assert.ok(parsed.kind === 'event');
  return computationOf(parsed.event);
}

test('an identify with the trait says the same as a track call under any event name', () => {
  const expected = { propertyName: 'vip', sentName: 'vip', value: true };
  assert.deepEqual(computed({ type: 'identify', traits: { vip: true }, context: audience }), expected);
  for (const event of ['Audience Entered', 'Came in']) {
    const properties = { audience_key: 'vip', vip: true };
    assert.deepEqual(computed({ type: 'track', event, properties, context: audience }), expected);
  }
  assert.deepEqual(computed({ type: 'group', groupId: 'g', traits: { vip: true }, context: audience }), expected);
});

test('membership as text is a boolean, and a computed trait keeps its value', () => {
  const valueOf = (value: unknown, personas: object) =>
    computed({ type: 'identify', traits: { k: value }, context: { personas: { computation_key: 'k', ...personas } } })
      ?.value;
  for (const computation_class of ['audience', 'journey_step', 'journey']) {
    assert.equal(valueOf('true', { computation_class }), true);
    assert.equal(valueOf('false', { computation_class }), false);
    assert.equal(valueOf(true, { computation_class }), true);
    assert.equal(valueOf(false, { computation_class }), false);
  }
  assert.equal(valueOf(null, { computation_class: 'audience' }), null);
  for (const value of ['true', 450, 1.5, null, ['a'], { a: 1 }]) {
    assert.deepEqual(valueOf(value, { computation_class: 'trait' }), value);
  }
});

test('a step of a journey without a value was entered', () => {
  const key = 'winback - Destination';
  const entered = { propertyName: 'winback_destination', value: true };
  for (const computation_class of ['journey_step', 'journey', 'journeys_v3']) {
    const context = { personas: { computation_class, computation_key: key } };
    const of = (json: object) => {
      const { sentName: _name, ...said } = computed({ context, ...json }) ?? { sentName: '' };
      return said;
    };
    const properties = { journey_context: { Cart: {} } };
    assert.deepEqual(of({ type: 'track', event: 'Journey Step Entered', properties }), entered);
    assert.deepEqual(of({ type: 'identify', traits: {} }), entered);
    assert.deepEqual(of({ type: 'group', groupId: 'g' }), entered);
    for (const value of [null, 'true', true, '', 'yes', 1, {}, []]) {
      assert.deepEqual(of({ type: 'identify', traits: { [key]: value } }), entered, JSON.stringify(value));
    }
    for (const value of [false, 'false']) {
      assert.deepEqual(of({ type: 'identify', traits: { [key]: value } }), { ...entered, value: false });
    }
    const named = { audience_key: 'Other Step', journey_context: {} };
    assert.equal(computed({ context, type: 'track', event: 'E', properties: named })?.propertyName, 'other_step');
  }
  const nameless = { personas: { computation_class: 'journey_step' } };
  assert.equal(computed({ type: 'identify', traits: {}, context: nameless }), undefined);
});

test("a track call's key is in its properties, else in the computation", () => {
  const properties = { trait_key: 'Total Revenue', 'Total Revenue': 450 };
  assert.deepEqual(computed({ type: 'track', event: 'Trait Computed', properties, context: trait }), {
    propertyName: 'total_revenue',
    sentName: 'Total Revenue',
    value: 450,
  });
  // As Journeys send it.
  assert.deepEqual(
    computed({ type: 'track', event: 'Audience Entered', properties: { vip: 'true' }, context: audience }),
    { propertyName: 'vip', sentName: 'vip', value: true },
  );
});

test('the value is found under the key, its snake case, or another spelling of it', () => {
  const sentName = (traits: object, key = 'Big Spender') => {
    const context = { personas: { computation_class: 'audience', computation_key: key } };
    return computed({ type: 'identify', traits, context })?.sentName;
  };
  assert.equal(sentName({ big_spender: true, 'Big Spender': false }), 'Big Spender');
  assert.equal(sentName({ big_spender: true, 'big spender': false }), 'big_spender');
  assert.equal(sentName({ 'big spender': true, 'BIG SPENDER': false }), 'BIG SPENDER');
  assert.equal(sentName({ 'BIG SPENDER': false, 'big spender': true }), 'BIG SPENDER', 'in whatever order');
  assert.equal(sentName({ other: true }), undefined);
  assert.equal(sentName({ constructor: true }, 'toString'), undefined);
});

test('an event whose computation cannot be determined is an ordinary one', () => {
  const traits = { vip: true };
  const contexts = [
    {},
    { personas: null },
    { personas: [] },
    { personas: 'vip' },
    { personas: { computation_key: 'vip' } },
    { personas: { computation_class: 'audience' } },
    { personas: { computation_class: 7, computation_key: 'vip' } },
    { personas: { computation_class: 'audience', computation_key: ['vip'] } },
    { personas: { computation_class: 'audience', computation_key: '!' } },
    { personas: { computation_class: 'audience', computation_key: 'absent' } },
  ];
  for (const context of contexts) assert.equal(computed({ type: 'identify', traits, context }), undefined);
  const properties = { audience_key: 'vip', vip: true };
  assert.equal(computed({ type: 'track', event: 'Audience Entered', properties }), undefined);
  assert.equal(computed({ type: 'page', properties, context: audience }), undefined);
});

test('only the computed trait is renamed, and it replaces a trait of that name', () => {
  const computation = { propertyName: 'big_spender', sentName: 'Big Spender', value: true };
  const traits: JsonObject = { 'Big Spender': 'true', big_spender: 'no', 'Other Trait': 1 };
  assert.deepEqual(withComputation(traits, computation), { big_spender: true, 'Other Trait': 1 });
  assert.deepEqual(traits, { 'Big Spender': 'true', big_spender: 'no', 'Other Trait': 1 }, 'untouched');
  const named = { big_spender: true, a: 1 };
  assert.equal(withComputation(named, { ...computation, sentName: 'big_spender' }), named);
  const own = JSON.parse('{"__proto__":{"a":1},"Big Spender":true}') as JsonObject;
  assert.equal(
    JSON.stringify(withComputation(own, computation)),
    '{"__proto__":{"a":1},"big_spender":true}',
    'a trait named __proto__ is a trait like any other',
  );
});

test('any event has a computation or none, and nothing throws', () => {
  const personas = fc.record(
    { computation_class: fc.oneof(fc.constantFrom('audience', 'trait'), anyJson()), computation_key: anyJson() },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(anyEventLike(), fc.oneof(personas, anyJson()), (json, found) => {
      const parsed = parseEvent({ ...(json as object), context: { personas: found } });
      if (parsed.kind === 'event') computationOf(parsed.event);
    }),
  );
});
