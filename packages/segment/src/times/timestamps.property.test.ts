import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { eventTimesOf, occurrenceOf, parseTimestamp } from './timestamps.ts';
import { anyJson } from '../testing.ts';

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

test('a clock wrong by any amount gives the same occurrence', () => {
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
          receivedAt: new Date(date.getTime() + delayMs).toISOString(),
        };
        assert.deepEqual(occurrenceOf(event, 0), { atMs: date.getTime(), basis: 'corrected' });
      },
    ),
  );
});

test('the short way of reading the usual form agrees with the long way', () => {
  const digits = (count: number) => fc.stringMatching(new RegExp(`^[0-9]{${count}}$`));
  const two = fc.oneof(
    digits(2),
    fc.integer({ min: 0, max: 31 }).map((value) => String(value).padStart(2, '0')),
  );
  fc.assert(
    fc.property(digits(4), two, two, two, two, two, digits(3), (year, month, day, hour, minute, second, ms) => {
      const text = `${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}`;
      // A fourth decimal is cut off, and makes the text one that only the long way reads.
      assert.equal(parseTimestamp(`${text}Z`), parseTimestamp(`${text}0Z`));
    }),
    { numRuns: 2000 },
  );
});

const anyTime = fc.oneof(
  instant.map((date) => date.toISOString()),
  instant.map((date) => date.toISOString().replace('Z', '456+00:00')),
  instant.map((date) => date.toISOString().replace(/\.\d+Z/, '+0000')),
  instant.map((date) => date.getTime()),
  fc.constantFrom(undefined, null, '', 'yesterday', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59Z', 8.64e15),
);

test('the times that are stored tell the same instant as the times that were sent', () => {
  fc.assert(
    fc.property(anyTime, anyTime, anyTime, anyTime, instant, (timestamp, originalTimestamp, sentAt, own, received) => {
      const receivedAtMs = received.getTime();
      const receivedAt = own ?? undefined;
      const sent = {
        timestamp: timestamp ?? undefined,
        originalTimestamp: originalTimestamp ?? undefined,
        sentAt: sentAt ?? undefined,
        receivedAt: receivedAt === '' || receivedAt === undefined ? received.toISOString() : receivedAt,
      };
      const times = eventTimesOf(sent, parseTimestamp(sent.sentAt), receivedAtMs);
      const stored =
        times.kind === 'absent'
          ? { ...sent, timestamp: times.receivedAt, originalTimestamp: times.receivedAt }
          : times.kind === 'corrected'
            ? { ...sent, timestamp: times.timestamp, originalTimestamp: sent.timestamp }
            : sent;
      // An unreadable time of receipt is stored as it came, and ingest judges by its own.
      const isJudged = times.kind === 'corrected' && parseTimestamp(sent.receivedAt) === undefined;
      const judged = isJudged ? { ...sent, receivedAt: received.toISOString() } : sent;
      assert.equal(occurrenceOf(stored, receivedAtMs).atMs, occurrenceOf(judged, receivedAtMs).atMs);
    }),
    { numRuns: 2000 },
  );
});

test('a time of any year from 0 to 9999 is written as Date writes it', () => {
  const years0To9999 = { min: Date.parse('0000-01-01T00:00:00.000Z'), max: Date.parse('9999-12-31T23:59:59.999Z') };
  fc.assert(
    fc.property(fc.array(fc.integer(years0To9999), { minLength: 1, maxLength: 4 }), (times) => {
      for (const ms of times) {
        const timestamp = new Date(ms).toISOString();
        assert.deepEqual(
          eventTimesOf({ timestamp, originalTimestamp: undefined, receivedAt: undefined }, undefined, 0),
          { kind: 'corrected', timestamp },
        );
      }
    }),
  );
});
