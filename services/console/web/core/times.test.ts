import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatAgo, formatDuration, fromLocalInput, parsePeriod, showTime, toLocalInput } from './times.ts';

const now = Date.parse('2026-11-29T13:03:07.250Z');

test('a moment is shown in local time as short as it can be, with the whole of it in UTC', () => {
  const zone = 'Europe/Berlin';
  assert.deepEqual(showTime('2026-11-29T13:03:07.250Z', now, zone), {
    local: '14:03:07',
    utc: '2026-11-29 13:03:07.250 UTC',
  });
  assert.equal(showTime('2026-11-28T23:30:00Z', now, zone)?.local, '00:30:00');
  assert.equal(showTime('2026-11-01T09:00:00Z', now, zone)?.local, '1 Nov 10:00:00');
  assert.equal(showTime('2025-11-01T09:00:00Z', now, zone)?.local, '1 Nov 2025 10:00:00');
  assert.equal(showTime('never', now, zone), undefined);
});

test('a duration has at most two units', () => {
  assert.deepEqual([0, 250, 3_240, 12_000, 59_700, 250_000, 7_500_000, 3_600_000, 273_600_000].map(formatDuration), [
    '0 ms',
    '250 ms',
    '3.2 s',
    '12 s',
    '1 min',
    '4 min 10 s',
    '2 h 5 min',
    '1 h',
    '3 d 4 h',
  ]);
});

test('how long ago something was is told coarsely, the future too', () => {
  const at = (ms: number): string => formatAgo(new Date(now - ms).toISOString(), now);
  assert.deepEqual([0, 12_500, 150_000, 7_300_000, 180_000_000, -240_000].map(at), [
    'just now',
    '12 s ago',
    '2 min ago',
    '2 h ago',
    '2 d ago',
    'in 4 min',
  ]);
  assert.equal(formatAgo('never', now), 'never');
});

test('periods are read, and nothing else is', () => {
  assert.deepEqual(['90s', '15m', '2h', '7d'].map(parsePeriod), [90_000, 900_000, 7_200_000, 604_800_000]);
  for (const text of ['', '15', 'm', '-1h', '1.5h', '1w', ' 1h']) assert.equal(parsePeriod(text), undefined, text);
});

test('a moment goes through a local input and comes back, to the second', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date('2100-01-01T00:00:00Z'), noInvalidDate: true }), (date) => {
      const seconds = Math.floor(date.getTime() / 1_000) * 1_000;
      // The hour that comes twice when clocks are set back means one of two moments.
      fc.pre(new Date(seconds).getTimezoneOffset() === new Date(seconds + 7_200_000).getTimezoneOffset());
      fc.pre(new Date(seconds).getTimezoneOffset() === new Date(seconds - 7_200_000).getTimezoneOffset());
      const iso = new Date(seconds).toISOString();
      assert.equal(fromLocalInput(toLocalInput(iso)), iso);
    }),
  );
  assert.equal(fromLocalInput(''), undefined);
  assert.equal(toLocalInput('never'), '');
});
