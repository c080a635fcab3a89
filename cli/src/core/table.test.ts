import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTable } from './table.ts';

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
