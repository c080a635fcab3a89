import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeContent } from './describe-content.ts';

test('an event is shown indented, or as it is where it nests deeper than any event may', () => {
  assert.deepEqual(describeContent({ kind: 'event', text: '{"a":[1]}' }), ['{', '  "a": [', '    1', '  ]', '}']);
  const text = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  assert.deepEqual(describeContent({ kind: 'event', text }), [text]);
});
