import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadOpenApi } from '@astrolabe/schemas/testing';
import { parseTimestamp, toTimestamp } from './timestamp.ts';

const contract = loadOpenApi();

test('every millisecond of four-digit years survives unchanged', () => {
  fc.assert(
    fc.property(
      fc.date({
        min: new Date('0000-01-01T00:00:00Z'),
        max: new Date('9999-12-31T23:59:59.999Z'),
        noInvalidDate: true,
      }),
      (date) => {
        assert.equal(parseTimestamp(toTimestamp(date.getTime())), date.getTime());
      },
    ),
  );
});

test('a text is a timestamp exactly if the contract says so', () => {
  const texts = [
    '2024-02-29T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2000-02-29T00:00:00Z',
    '2025-04-31T00:00:00Z',
    '2025-11-24t10:30:00.123456z',
    '2025-11-24T24:00:00Z',
    '2025-11-24T23:60:00Z',
    '2025-11-24T10:30:00',
    '2025-11-24',
    '2025-11-24 10:30:00Z',
    '2025-11-24T10:30:00+02:00',
    '2025-11-24T10:30:00+0200',
    '+275760-09-13T00:00:00.000Z',
    '',
  ];
  for (const text of texts) {
    assert.equal(parseTimestamp(text) !== undefined, contract.errorsOf('Timestamp', text).length === 0, text);
  }
  assert.equal(parseTimestamp('2025-11-24T10:30:00.123456z'), Date.UTC(2025, 10, 24, 10, 30, 0, 123));
});
