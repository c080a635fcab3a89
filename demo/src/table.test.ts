import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderTable } from './table.ts';

test('columns are as wide as their widest cell, numbers stand under each other, a sum is set off', () => {
  const lines = renderTable(
    [
      { heading: '', align: 'left' },
      { heading: 'events', align: 'right' },
      { heading: 'commands', align: 'right' },
    ],
    [{ cells: ['mapped', '5', '1234567890'] }, { cells: ['skipped', '12'] }, { cells: ['together', '17'], rule: true }],
  );
  assert.deepEqual(lines, [
    '           events     commands',
    '--------   ------   ----------',
    'mapped          5   1234567890',
    'skipped        12',
    '--------   ------   ----------',
    'together       17',
  ]);
});
