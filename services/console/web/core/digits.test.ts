import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  counted,
  formatBytes,
  formatChange,
  formatRate,
  formatShare,
  groupDigits,
  isZero,
  sumDigits,
  wordsOf,
} from './digits.ts';

test('digits are grouped by threes, and none is lost', () => {
  for (const [value, text] of [
    ['0', '0'],
    ['999', '999'],
    ['1000', '1,000'],
    ['-1234567', '-1,234,567'],
    ['9223372036854775807', '9,223,372,036,854,775,807'],
    ['18446744073709551615', '18,446,744,073,709,551,615'],
    [1e21, '1,000,000,000,000,000,000,000'],
    ['unknown', 'unknown'],
    [0.5, '0.5'],
  ] as const) {
    assert.equal(groupDigits(value), text);
  }
  fc.assert(
    fc.property(fc.bigInt(), (value) => {
      const grouped = groupDigits(value.toString());
      assert.equal(grouped.replaceAll(',', ''), value.toString());
      assert.match(grouped, /^-?\d{1,3}(,\d{3})*$/);
    }),
  );
});

test('counts beyond the exact range of numbers are added exactly, and told from 0', () => {
  assert.equal(sumDigits(['9007199254740993', 1, '9223372036854775807']), '9232379236109516801');
  assert.equal(sumDigits([]), '0');
  assert.ok(isZero('0') && isZero(0) && !isZero('10'));
});

test('a count has its noun in the right number', () => {
  assert.deepEqual(
    [counted('1', 'record'), counted(0, 'record'), counted('12000', 'entry', 'entries')],
    ['1 record', '0 records', '12,000 entries'],
  );
});

test('rates, shares and sizes never claim more than they know', () => {
  assert.deepEqual([0, 0.004, 0.256, 9.46, 12.4, 12_345.6].map(formatRate), [
    '0',
    'under 0.01',
    '0.26',
    '9.5',
    '12',
    '12,346',
  ]);
  assert.deepEqual([0, 0.0001, 0.256, 0.9999, 1].map(formatShare), [
    '0 %',
    'under 0.1 %',
    '25.6 %',
    'over 99.9 %',
    '100 %',
  ]);
  assert.deepEqual([0, 1_023, 1_536, 157_286_400].map(formatBytes), ['0 bytes', '1,023 bytes', '1.5 KiB', '150 MiB']);
});

test('a change is told against the period before, if there was anything in it', () => {
  assert.equal(formatChange('112', '100'), '+12 %');
  assert.equal(formatChange('50', '100'), '−50 %');
  assert.equal(formatChange('100', '100'), 'the same');
  assert.equal(formatChange('100001', '100000'), 'about the same');
  assert.equal(formatChange('5', '0'), undefined);
});

test('the name of a count is told in words', () => {
  assert.deepEqual(['waiting', 'wouldBeSent'].map(wordsOf), ['waiting', 'would be sent']);
});
