/**
 * What is read, and what is not. Every row is a form that some language, library or database prints by default, or that
 * a standard names.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseTimestamp } from './timestamps.ts';

/** 2025-03-05T10:00:00Z, a Wednesday, of week 10, the 64th day of its year. */
const TEN = Date.UTC(2025, 2, 5, 10);
const MIDNIGHT = Date.UTC(2025, 2, 5);

const forms: readonly (readonly [form: string, value: unknown, ms: number])[] = [
  // ISO 8601
  ['basic', '20250305T100000Z', TEN],
  ['basic with a fraction', '20250305T100000.123Z', TEN + 123],
  ['basic without seconds', '20250305T1000Z', TEN],
  ['basic with an offset', '20250305T110000+0100', TEN],
  ['basic, the hour alone', '20250305T10Z', TEN],
  ['basic, a date', '20250305', MIDNIGHT],
  ['the hour alone', '2025-03-05T10Z', TEN],
  ['the hour alone with an offset', '2025-03-05T11+01', TEN],
  ['the hour without a zone', '2025-03-05T10', TEN],
  ['ten decimals', '2025-03-05T10:00:00.1234567891Z', TEN + 123],
  ['thirty decimals', `2025-03-05T10:00:00.${'123'.repeat(10)}Z`, TEN + 123],
  ['a comma before the fraction', '2025-03-05T10:00:00,123Z', TEN + 123],
  ['a fraction of a minute', '2025-03-05T10:00.5Z', TEN + 30_000],
  ['a fraction of an hour', '2025-03-05T10.25Z', TEN + 900_000],
  ['the end of a day', '2025-03-04T24:00:00Z', MIDNIGHT],
  ['the end of a day, basic', '20250304T2400Z', MIDNIGHT],
  ['a week date', '2025-W10-3T10:00:00Z', TEN],
  ['a week date, basic', '2025W103T100000Z', TEN],
  ['an ordinal date', '2025-064T10:00:00Z', TEN],
  ['an ordinal date, basic', '2025064T100000Z', TEN],
  ['a month', '2025-03', Date.UTC(2025, 2, 1)],
  ['a year of six digits', '+002025-03-05T10:00:00.000Z', TEN],
  ['a minus of typography', '2025-03-05T05:00:00\u221205:00', TEN],
  ['lower case', '2025-03-05t10:00:00z', TEN],
  // What languages print
  ['JavaScript, toString', 'Wed Mar 05 2025 11:00:00 GMT+0100 (Central European Standard Time)', TEN],
  ['JavaScript, toUTCString', 'Wed, 05 Mar 2025 10:00:00 GMT', TEN],
  ['JavaScript, toDateString', 'Wed Mar 05 2025', MIDNIGHT],
  ['Python, str', '2025-03-05 10:00:00.123456+00:00', TEN + 123],
  ['Python, str without a zone', '2025-03-05 10:00:00', TEN],
  ['Python and C, ctime', 'Wed Mar  5 10:00:00 2025', TEN],
  ['Python, email.utils', 'Wed, 05 Mar 2025 10:00:00 -0000', TEN],
  ['Go, String', '2025-03-05 10:00:00.123 +0000 UTC', TEN + 123],
  ['Go, String in a zone', '2025-03-05 11:00:00.123456789 +0100 CET', TEN + 123],
  ['Go, String in a zone without a name', '2025-03-05 07:00:00 -0300 -03', TEN],
  ['Go, String of Now', '2025-03-05 10:00:00.123456789 +0000 UTC m=+0.000012345', TEN + 123],
  ['Go, log', '2025/03/05 10:00:00', TEN],
  ['Go, UnixDate', 'Wed Mar  5 10:00:00 UTC 2025', TEN],
  ['Go, RFC822', '05 Mar 25 10:00 UTC', TEN],
  ['Go, RFC822Z', '05 Mar 25 11:00 +0100', TEN],
  ['Go, RFC850', 'Wednesday, 05-Mar-25 10:00:00 UTC', TEN],
  ['Ruby, to_s', '2025-03-05 11:00:00 +0100', TEN],
  ['Ruby, inspect', '2025-03-05 10:00:00.123 UTC', TEN + 123],
  ['Ruby, ctime with its zone', 'Wed Mar 05 10:00:00 +0000 2025', TEN],
  ['Java, Date', 'Wed Mar 05 11:00:00 CET 2025', TEN],
  ['Java, Date in a zone without a name', 'Wed Mar 05 11:00:00 GMT+01:00 2025', TEN],
  ['Java, Instant', '2025-03-05T10:00:00.123456789Z', TEN + 123],
  ['Java, ZonedDateTime', '2025-03-05T11:00:00.123+01:00[Europe/Paris]', TEN + 123],
  ['Java, ZonedDateTime of UTC', '2025-03-05T10:00Z[UTC]', TEN],
  ['Java, LocalDateTime', '2025-03-05T10:00', TEN],
  ['Java, DateFormat', 'Mar 5, 2025 10:00:00 AM', TEN],
  ['Java, DateFormat since 20', 'Mar 5, 2025, 10:00:00\u202fPM', TEN + 43_200_000],
  ['.NET, round trip', '2025-03-05T10:00:00.1234567+00:00', TEN + 123],
  ['.NET, universal', '2025-03-05 10:00:00Z', TEN],
  ['.NET, JSON before Core', '/Date(1741168800000+0100)/', TEN],
  ['PHP, cookie', 'Wednesday, 05-Mar-2025 10:00:00 UTC', TEN],
  ['PHP, RFC 2822', 'Wed, 05 Mar 2025 11:00:00 +0100', TEN],
  ['RFC 2822 without a weekday', '5 Mar 2025 05:00 EST', TEN],
  ['RFC 2822 with a comment', 'Wed, 5 Mar 2025 10:00:00 +0000 (UTC)', TEN],
  ['Rust, time', '2025-03-05 10:00:00.123 +00:00:00', TEN + 123],
  ['Rust, chrono', '2025-03-05 10:00:00.123 UTC', TEN + 123],
  ['Swift', '2025-03-05 10:00:00 +0000', TEN],
  ['PostgreSQL', '2025-03-05 10:00:00.123+00', TEN + 123],
  // Epochs
  ['seconds', 1_741_168_800, TEN],
  ['seconds as text', '1741168800', TEN],
  ['seconds with a fraction, as text', '1741168800.123', TEN + 123],
  ['milliseconds', 1_741_168_800_123, TEN + 123],
  ['microseconds', 1_741_168_800_123_456, TEN + 123],
  ['microseconds as text', '1741168800123456', TEN + 123],
  ['nanoseconds', 1_741_168_800_123_456_789n, TEN + 123],
  ['nanoseconds as text', '1741168800123456789', TEN + 123],
];

for (const [form, value, ms] of forms) {
  test(`${form} is read: ${String(value)}`, () => {
    assert.equal(parseTimestamp(value), ms);
    if (typeof value === 'string') assert.equal(parseTimestamp(` ${value} `), ms, 'with spaces around it');
  });
}

const unread: readonly (readonly [why: string, value: unknown])[] = [
  ['day and month may change places', '03/05/2025 10:00:00'],
  ['day and month may change places', '5.3.2025 10:00'],
  ['day and month may change places', '3/5/2025, 10:00:00 AM'],
  ['several zones have this name', 'Wed Mar 05 10:00:00 IST 2025'],
  ['several zones have this name, outside of mail', 'Wed Mar 05 10:00:00 CST 2025'],
  ['no zone has this name', '2025-03-05 10:00:00 Mars'],
  ['no year', 'Mar  5 10:00:00'],
  ['a year alone', '2025'],
  ['a time alone', '10:00:00'],
  ['no such day', '20250230T100000Z'],
  ['no such day', 'Sun, 30 Feb 2025 10:00:00 GMT'],
  ['no such day', '2025-366'],
  ['no such week', '2025-W53-1'],
  ['no such month', '05 Mai 2025 10:00:00 GMT'],
  ['no such month', '2025-13'],
  ['no such hour', '20250305T250000Z'],
  ['no such hour', 'Mar 5, 2025 13:00:00 PM'],
  ['beyond the end of a day', '2025-03-05T24:00:00.001Z'],
  ['words', 'now'],
  ['words', 'yesterday'],
  ['words', 'Invalid Date'],
  ['words', 'NaN'],
  ['something behind it', '2025-03-05T10:00:00Z and more'],
  ['far too long', `2025-03-05T10:00:00.${'1'.repeat(200)}Z`],
  ['a number that no unit gives', '1e12'],
  ['a number that no unit gives', -1_741_168_800_000],
];

for (const [why, value] of unread) {
  test(`${JSON.stringify(value).slice(0, 60)} is not read: ${why}`, () =>
    assert.equal(parseTimestamp(value), undefined));
}

test('every time that JavaScript prints is read back, in each of its forms', () => {
  const date = fc.date({ min: new Date('1971-01-01'), max: new Date('9999-12-30'), noInvalidDate: true });
  fc.assert(
    fc.property(date, (each) => {
      const ms = each.getTime();
      const seconds = Math.floor(ms / 1_000) * 1_000;
      assert.equal(parseTimestamp(each.toISOString()), ms);
      assert.equal(parseTimestamp(each.toISOString().replace(/[-:]/g, '')), ms);
      assert.equal(parseTimestamp(each.toUTCString()), seconds);
      assert.equal(parseTimestamp(each.toString()), seconds);
    }),
    { numRuns: 1_000 },
  );
});

test('whatever text comes, it is a time or none', () => {
  const pieces = fc.constantFrom(
    '2025',
    '-',
    '03',
    'W',
    'T',
    ' ',
    '10',
    ':',
    '.',
    'Mar',
    'Wed',
    ',',
    'GMT',
    '+',
    'PM',
    '(',
    '[',
    '/',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 14 }), (parts) => {
      const ms = parseTimestamp(parts.join(''));
      assert.ok(ms === undefined || Number.isInteger(ms));
    }),
    { numRuns: 5_000 },
  );
});
