import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSources } from './source-files.ts';

test('no file or folder is named for holding whatever came along', () => {
  const vague = /(^|[/.-])(utils?|helpers?|common|misc|manager|base)([/.-]|$)/;
  assert.deepEqual(
    readSources()
      .map(({ path }) => path)
      .filter((path) => vague.test(path)),
    [],
  );
});
