import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { mutations } from './detectors/mutation.ts';
import { invariants } from './oracle/violation.ts';

const text = await readFile(new URL('../../docs/integrity.md', import.meta.url), 'utf8');

/** The names in the first column of the table below a heading. */
function namesBelow(heading: string): string[] {
  const [, section = ''] = text.split(`\n## ${heading}\n`);
  const [own = ''] = section.split('\n## ');
  return [...own.matchAll(/^\| `([^`]+)` /gm)].map(([, name = '']) => name);
}

test('docs/integrity.md lists exactly the promises that a run checks', () => {
  assert.deepEqual(namesBelow('The oracle'), [...invariants]);
});

test('docs/integrity.md lists exactly the guarantees that are taken out to show that a run notices', () => {
  assert.deepEqual(namesBelow('The detectors'), Object.keys(mutations));
});
