import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { occurrenceOf, parseTimestamp } from './timestamps.ts';
import { anyJson } from './testing.ts';

const instant = fc.date({ min: new Date('1973-06-01'), max: new Date('9999-01-01'), noInvalidDate: true });

test('an instant written with any offset, with or without a colon, reads as that instant', () => {
  fc.assert(
    fc.property(
      instant,
      fc.integer({ min: -23 * 60, max: 23 * 60 }),
      fc.constantFrom(':', ''),
      (date, offset, colon) => {
        const local = new Date(date.getTime() + offset * 60_000);
        const two = (value: number) => String(Math.floor(Math.abs(value))).padStart(2, '0');
        const zone = `${offset < 0 ? '-' : '+'}${two(Math.abs(offset) / 60)}${colon}${two(Math.abs(offset) % 60)}`;
        assert.equal(parseTimestamp(local.toISOString().replace('Z', zone)), date.getTime());
      },
    ),
  );
});

test('any JSON is a time within the range of dates, or none, and nothing throws', () => {
  fc.assert(
    fc.property(anyJson(), (value) => {
      const ms = parseTimestamp(value);
      assert.ok(ms === undefined || Math.abs(ms) <= 8.64e15);
    }),
  );
});

test('a clock that is wrong by any amount gives the same occurrence', () => {
  fc.assert(
    fc.property(
      instant,
      fc.integer({ min: 0, max: 1e9 }),
      fc.integer({ min: -1e12, max: 1e12 }),
      (date, delayMs, skewMs) => {
        fc.pre(date.getTime() + skewMs > 2e11 && date.getTime() + skewMs + delayMs < 2.5e14);
        const event = {
          timestamp: new Date(date.getTime() + skewMs).toISOString(),
          originalTimestamp: undefined,
          sentAt: new Date(date.getTime() + skewMs + delayMs).toISOString(),
          receivedAt: undefined,
        };
        assert.deepEqual(occurrenceOf(event, date.getTime() + delayMs), { atMs: date.getTime(), basis: 'corrected' });
      },
    ),
  );
});
