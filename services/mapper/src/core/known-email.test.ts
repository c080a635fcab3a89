import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventOf } from '../testing/events.ts';
import type { UserState } from './user-state.ts';
import { addressTimeMs, knownEmailDomain, learnEmail, saidEmailDomain } from './known-email.ts';

test("a user's address is in the traits of an identify, else in those of the context", () => {
  const said = (json: object) => saidEmailDomain(eventOf({ userId: 'u', event: 'E', groupId: 'g', ...json }));
  const context = { traits: { email: 'ann@acme.com' } };
  assert.equal(said({ type: 'identify', traits: { email: 'Ann@GMail.com' }, context }), 'gmail.com');
  for (const type of ['identify', 'track', 'group']) assert.equal(said({ type, context }), 'acme.com');
  assert.equal(said({ type: 'identify', traits: { email: 'none' }, context }), 'acme.com');
  assert.equal(said({ type: 'group', traits: { email: 'office@gmail.com' } }), undefined, "that is the account's");
  assert.equal(said({ type: 'track', properties: { email: 'ann@gmail.com' } }), undefined);
  for (const email of [null, 7, true, [], {}, ''])
    assert.equal(said({ type: 'identify', traits: { email } }), undefined);
});

test('the newest address counts, whichever comes first', () => {
  const first = learnEmail(undefined, 'gmail.com', 10, 'u');
  assert.deepEqual(first, { email: { domain: 'gmail.com', atMs: 10 } });
  assert.equal(learnEmail(first, 'acme.com', 9, 'u'), first);
  assert.deepEqual(learnEmail(first, 'acme.com', 11, 'u'), { email: { domain: 'acme.com', atMs: 11 } });
});

test('of two addresses at the same time the first to arrive stays, so that events told again change nothing', () => {
  const said = [
    ['acme.com', 5],
    ['gmail.com', 5],
    ['acme.com', 4],
  ] as const;
  const first = said.reduce<UserState | undefined>((state, [domain, atMs]) => learnEmail(state, domain, atMs, 'u'), {});
  assert.deepEqual(first, { email: { domain: 'acme.com', atMs: 5 } });
  for (const [domain, atMs] of said) assert.equal(learnEmail(first, domain, atMs, 'u'), first);
});

test('a known address is written again after an hour, and from then on is newer than a late one from before', () => {
  const HOUR_MS = 3_600_000;
  const state = { email: { domain: 'acme.com', atMs: 10 } };
  assert.equal(learnEmail(state, 'acme.com', 10 + HOUR_MS - 1, 'u'), state);
  const again = learnEmail(state, 'acme.com', 10 + HOUR_MS, 'u');
  assert.deepEqual(again, { email: { domain: 'acme.com', atMs: 10 + HOUR_MS } });
  assert.equal(learnEmail(again, 'gmail.com', 10 + HOUR_MS - 1, 'u'), again);
  assert.equal(learnEmail(undefined, 'gmail.com', 20, 'ann@gmail.com'), undefined, 'the userId tells it');
});

test('an address counts as said when its event happened, and at most half a year before its receipt', () => {
  const DAY_MS = 86_400_000;
  const receivedAtMs = Date.UTC(2026, 10, 29);
  const table: readonly (readonly [occurredAtMs: number, expected: number])[] = [
    [receivedAtMs + 5_000, receivedAtMs + 5_000],
    [receivedAtMs - 180 * DAY_MS, receivedAtMs - 180 * DAY_MS],
    [receivedAtMs - 180 * DAY_MS - 1, receivedAtMs - 180 * DAY_MS],
    [12_000, receivedAtMs - 180 * DAY_MS],
  ];
  for (const [occurredAtMs, expected] of table) assert.equal(addressTimeMs(occurredAtMs, receivedAtMs), expected);
});

test('an address in an event overrides a userId that is one', () => {
  assert.equal(knownEmailDomain(undefined, 'ann@gmail.com'), 'gmail.com');
  assert.equal(knownEmailDomain({ email: { domain: 'acme.com', atMs: 1 } }, 'ann@gmail.com'), 'acme.com');
  assert.equal(knownEmailDomain({ suppressed: { atMs: 1, liftedAtMs: 2 } }, 'u'), undefined);
});

test('a lifted suppression is kept with the address', () => {
  const suppressed = { atMs: 1, liftedAtMs: 2 };
  assert.deepEqual(learnEmail({ suppressed }, 'gmail.com', 10, 'u'), {
    suppressed,
    email: { domain: 'gmail.com', atMs: 10 },
  });
});
