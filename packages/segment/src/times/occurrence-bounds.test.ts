import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { boundedOccurrenceOf, earliestOccurrenceMs, maxFutureMs } from './occurrence-bounds.ts';
import { anyJson } from '../testing.ts';
import { occurrenceOf } from './timestamps.ts';

const receivedAtMs = Date.UTC(2026, 2, 1, 10);
const none = { timestamp: undefined, originalTimestamp: undefined, sentAt: undefined, receivedAt: undefined };

function bounded(fields: object) {
  return boundedOccurrenceOf({ ...none, ...fields }, receivedAtMs);
}

test('an event between 2000 and its receipt keeps its time, to the millisecond', () => {
  const times = [earliestOccurrenceMs, Date.UTC(2013, 0, 1), receivedAtMs - 1, receivedAtMs];
  for (const atMs of times) {
    const timestamp = new Date(atMs).toISOString();
    assert.deepEqual(bounded({ timestamp }), { atMs, clamped: undefined }, timestamp);
  }
});

test('an event from before 2000 counts as of the first moment of 2000', () => {
  for (const timestamp of ['1999-12-31T23:59:59.999Z', '1970-01-01T00:00:00Z', '0001-01-01T00:00:00Z', 915_148_800]) {
    assert.deepEqual(bounded({ timestamp }), {
      atMs: Date.UTC(2000),
      clamped: { reason: 'before-2000', original: String(timestamp) },
    });
  }
});

test('nothing happens after it was received: such an event counts as of its receipt', () => {
  for (const aheadMs of [1, 3_600_000, maxFutureMs]) {
    const original = new Date(receivedAtMs + aheadMs).toISOString();
    assert.deepEqual(bounded({ timestamp: original }), {
      atMs: receivedAtMs,
      clamped: { reason: 'after-receipt', original },
    });
  }
  const received = new Date(receivedAtMs).toISOString();
  const corrected = bounded({
    timestamp: '2026-03-01T10:00:01Z',
    sentAt: '2026-03-01T10:00:00Z',
    receivedAt: received,
  });
  assert.deepEqual(corrected.clamped, { reason: 'after-receipt', original: '2026-03-01T10:00:01.000Z' });
});

test('an event from more than a day ahead counts as of its receipt, so that later values can still win', () => {
  const justOver = new Date(receivedAtMs + maxFutureMs + 1).toISOString();
  for (const timestamp of [justOver, '2099-01-01', ' 9999-12-31T23:59:59Z ', 4_102_444_800_000]) {
    assert.deepEqual(bounded({ timestamp }), {
      atMs: receivedAtMs,
      clamped: { reason: 'far-future', original: String(timestamp).trim() },
    });
  }
});

test('an unreadable time counts as of the receipt, and is reported', () => {
  for (const [timestamp, original] of [
    ['yesterday', 'yesterday'],
    ['x'.repeat(500), 'x'.repeat(100)],
    [{ seconds: 5 }, 'an object'],
    [true, 'true'],
    [[], 'an array'],
    [-5, '-5'],
  ] as const) {
    assert.deepEqual(bounded({ timestamp }), { atMs: receivedAtMs, clamped: { reason: 'unreadable', original } });
  }
  for (const timestamp of [undefined, null, '']) assert.equal(bounded({ timestamp }).clamped, undefined);
});

test('the original is the time that was read, or the result of the rule for wrong clocks', () => {
  const original = (fields: object) => bounded(fields).clamped?.original;
  const sane = '2026-03-01T09:00:00Z';
  assert.equal(
    original({ timestamp: '2099-01-01T00:00:00+0000', originalTimestamp: sane }),
    '2099-01-01T00:00:00+0000',
  );
  assert.equal(original({ originalTimestamp: '1970-01-01' }), '1970-01-01');
  assert.equal(
    original({ timestamp: sane, sentAt: '1970-01-01T00:00:00Z', receivedAt: '2026-03-01T10:00:00Z' }),
    '2082-04-29T19:00:00.000Z',
  );
  assert.equal(original({ receivedAt: '2099-01-01T00:00:00Z' }), '2099-01-01T00:00:00.000Z');
});

test("an event's time always fits the command, and is unchanged within the bounds", () => {
  const time = fc.oneof(
    anyJson(),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    fc.integer({ min: -1e15, max: 1e16 }),
  );
  const fields = fc.record({ timestamp: time, originalTimestamp: time, sentAt: time, receivedAt: time });
  fc.assert(
    fc.property(fields, fc.integer({ min: 0, max: 8.64e15 }), (event, received) => {
      const { atMs, clamped } = boundedOccurrenceOf(event as typeof none, received);
      assert.ok(Number.isSafeInteger(atMs) && atMs >= earliestOccurrenceMs);
      assert.ok(atMs <= Math.max(received, earliestOccurrenceMs));
      if (clamped === undefined || clamped.reason === 'unreadable')
        assert.equal(atMs, occurrenceOf(event as typeof none, received).atMs);
      else assert.ok(clamped.original.length > 0);
    }),
    { numRuns: 1000 },
  );
});
