import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes, formatCount, formatTable } from './table.ts';

test('columns are as wide as their widest cell, and numbers stand to the right', () => {
  assert.deepEqual(
    formatTable(
      ['CAUSE', 'RECORDS'],
      [
        ['api.rejected', 12],
        ['event.invalid', 3n],
      ],
    ),
    ['CAUSE          RECORDS', 'api.rejected        12', 'event.invalid        3'],
  );
});

test('counts and sizes are written for people', () => {
  assert.equal(formatCount(1_234_567n), '1,234,567');
  assert.deepEqual([999, 1_000, 34_000_000].map(formatBytes), ['999 B', '1.0 kB', '34 MB']);
});
