import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSources } from './source-files.ts';

test('files stay small enough to hold in the head', () => {
  const tooLong = readSources()
    .filter(({ path, isTest }) => !isTest && !path.includes('/generated/'))
    .map(({ path, text }) => ({ path, lines: text.split('\n').length }))
    .filter(({ lines }) => lines > 320);
  assert.deepEqual(tooLong, []);
});
