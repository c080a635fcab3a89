import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { eventTimesOf, occurrenceOf, parseTimestamp } from './timestamps.ts';

const TEN = Date.UTC(2026, 2, 1, 10);

const formats: readonly (readonly [sender: string, value: unknown, ms: number])[] = [
  ['JavaScript', '2026-03-01T10:00:00.123Z', TEN + 123],
  ['Python', '2026-03-01T10:00:00.123456+00:00', TEN + 123],
  ['Python without a zone', '2026-03-01T10:00:00.123456', TEN + 123],
  ['Go v2', '2026-03-01T10:00:00+0000', TEN],
  ['Go v3', '2026-03-01T12:00:00.123456789+02:00', TEN + 123],
  ['Ruby', '2026-03-01 05:00:00 -0500', TEN],
  ['Ruby UTC', '2026-03-01 10:00:00 UTC', TEN],
  ['.NET', '2026-03-01T10:00:00.1234567Z', TEN + 123],
  ['short offset', '2026-03-01T11:00:00+01', TEN],
  ['no seconds', '2026-03-01T10:00Z', TEN],
  ['a date', '2026-03-01', Date.UTC(2026, 2, 1)],
  ['a leap second', '2026-03-01T09:59:60Z', TEN],
  ['epoch milliseconds', 1772359200000, TEN],
  ['epoch seconds', 1772359200, TEN],
  ['epoch seconds with a fraction', 1772359200.5, TEN + 500],
  ['epoch milliseconds as text', '1772359200000', TEN],
];

for (const [sender, value, ms] of formats) {
  test(`the format of ${sender} is read`, () => assert.equal(parseTimestamp(value), ms));
}

for (const value of [
  '',
  'yesterday',
  '2026-02-30T10:00:00Z',
  '2026-13-01',
  '2026-03-01T24:00:01Z',
  '2026-03-01T10:00:00+99:00',
  '12',
  -1,
  NaN,
  Infinity,
  null,
  undefined,
  {},
  true,
]) {
  test(`${inspect(value)} is not a timestamp`, () => assert.equal(parseTimestamp(value), undefined));
}

const none = { timestamp: undefined, originalTimestamp: undefined, sentAt: undefined, receivedAt: undefined };

test('a clock that is an hour fast is corrected by the hour', () => {
  const event = { ...none, timestamp: '2026-03-01T11:00:00Z', sentAt: '2026-03-01T11:00:05Z' };
  const received = { ...event, receivedAt: '2026-03-01T10:00:05Z' };
  assert.deepEqual(occurrenceOf(received, TEN + 999_999), { atMs: TEN, basis: 'corrected' });
});

test('without its own time of receipt the time is used as sent, whatever the record says', () => {
  const year = 365 * 86_400_000;
  for (const receivedAt of [undefined, '', 'yesterday']) {
    const event = { ...none, timestamp: '2026-03-01T10:00:00Z', sentAt: '2026-03-01T10:00:05Z', receivedAt };
    assert.deepEqual(occurrenceOf(event, TEN + year), { atMs: TEN, basis: 'as-sent' });
  }
});

test('what Segment has corrected is not corrected again', () => {
  const event = {
    timestamp: '2026-03-01T10:00:00Z',
    originalTimestamp: '2026-03-01T11:00:00Z',
    sentAt: '2026-03-01T11:00:05Z',
    receivedAt: '2026-03-01T10:00:05Z',
  };
  assert.deepEqual(occurrenceOf(event, TEN), { atMs: TEN, basis: 'corrected-upstream' });
});

test('the rule applies to an originalTimestamp alone', () => {
  const receivedAt = '2026-03-01T10:00:05Z';
  const event = { ...none, originalTimestamp: '2026-03-01T11:00:00Z', sentAt: '2026-03-01T11:00:05Z', receivedAt };
  assert.deepEqual(occurrenceOf(event, TEN + 999_999), { atMs: TEN, basis: 'corrected' });
});

test('without sentAt the timestamp is used as sent', () => {
  assert.deepEqual(occurrenceOf({ ...none, timestamp: '2026-03-01T10:00:00Z' }, 0), { atMs: TEN, basis: 'as-sent' });
});

test('without a readable timestamp the event happened when it was received', () => {
  assert.deepEqual(occurrenceOf({ ...none, timestamp: 'soon', sentAt: '2026-03-01T10:00:00Z' }, TEN), {
    atMs: TEN,
    basis: 'received',
  });
});

const FIVE_PAST = TEN + 5000;
const SENT_MS = Date.UTC(2026, 2, 1, 11, 0, 5);

test('an event without a time happened when it was received, and is stored so', () => {
  for (const timestamp of [undefined, null, '']) {
    assert.deepEqual(eventTimesOf({ ...none, timestamp }, SENT_MS, FIVE_PAST), {
      kind: 'absent',
      receivedAt: '2026-03-01T10:00:05.000Z',
    });
  }
});

test("a sender's time is stored corrected, in any format", () => {
  for (const timestamp of [
    '2026-03-01T11:00:00.000Z',
    '2026-03-01T11:00:00.000000+00:00',
    '2026-03-01T11:00:00+0000',
    1772362800000,
  ]) {
    const times = eventTimesOf({ ...none, timestamp }, SENT_MS, FIVE_PAST);
    assert.deepEqual(times, { kind: 'corrected', timestamp: '2026-03-01T10:00:00.000Z' });
  }
});

test('without sentAt the stored time is the one that was sent', () => {
  const times = eventTimesOf({ ...none, timestamp: '2026-03-01T12:00:00+0200' }, undefined, FIVE_PAST);
  assert.deepEqual(times, { kind: 'corrected', timestamp: '2026-03-01T10:00:00.000Z' });
});

test('an event with an originalTimestamp keeps its times', () => {
  const event = { ...none, timestamp: '2026-03-01T11:00:00Z', originalTimestamp: 'whatever' };
  assert.deepEqual(eventTimesOf(event, SENT_MS, FIVE_PAST), { kind: 'given' });
});

test('a time that cannot be read, or written with a four-digit year, is unchanged', () => {
  for (const timestamp of ['soon', {}, '9999-12-31T23:59:59.999-05:00']) {
    assert.deepEqual(eventTimesOf({ ...none, timestamp }, SENT_MS, FIVE_PAST), { kind: 'unreadable' });
  }
});
