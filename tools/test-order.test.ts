import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { inStartOrder, LONGEST_FIRST } from './test-order.ts';

const root = resolve(import.meta.dirname, '..');

test('the longest files start first, in their order, and the others follow by name', () => {
  const [first = '', second = ''] = LONGEST_FIRST;
  assert.deepEqual(inStartOrder(['a.test.ts', second, 'z.test.ts', 'b.test.ts', first]), [
    first,
    second,
    'a.test.ts',
    'b.test.ts',
    'z.test.ts',
  ]);
});

test('each file that is to start early exists', () => {
  assert.deepEqual(
    LONGEST_FIRST.filter((file) => !existsSync(resolve(root, file))),
    [],
  );
});
