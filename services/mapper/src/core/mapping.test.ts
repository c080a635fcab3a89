import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { skipReasons } from './mapping.ts';

test('docs/metrics.md lists exactly the reasons for which an event is skipped', () => {
  const document = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');
  const [, section = ''] = /`reason` of a skipped event is one of these:([\s\S]*?)\n\n[^|]/.exec(document) ?? [];
  const listed = [...section.matchAll(/^\| `([a-z-]+)`/gm)].map(([, name]) => name);
  assert.deepEqual(listed, [...skipReasons]);
});
