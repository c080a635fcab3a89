import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTable, type TableRow } from './table.ts';

test('columns are as wide as their widest cell, and numbers are aligned right', () => {
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

test('a ruled table sets its headings and its sums off, and numbers that are text stand under each other', () => {
  const rows: readonly TableRow[] = [['mapped', '5', '1234567890'], ['skipped', '12'], 'rule', ['together', '17']];
  assert.deepEqual(formatTable(['', 'events', 'commands'], rows, { rightFrom: 1, ruled: true }), [
    '           events     commands',
    '--------   ------   ----------',
    'mapped          5   1234567890',
    'skipped        12',
    '--------   ------   ----------',
    'together       17',
  ]);
});
