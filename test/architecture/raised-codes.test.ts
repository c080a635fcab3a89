import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codesRaisedIn } from './raised-codes.ts';

test('a code in a comment, in a comparison or in a document is not raised', () => {
  const text = [
    '/** Rejects with `api.commented`. */',
    "// as 'api.commented' says",
    "if (isPipelineError(error, 'api.compared')) return;",
    "if (code === 'api.compared' || code !== 'api.compared') return;",
    "case 'api.compared':",
    "throw new PipelineError('api.raised', 'a message about api.mentioned', { retryable: false });",
    "const code = connector === undefined ? 'api.one' : 'api.other';",
  ].join('\n');
  assert.deepEqual(codesRaisedIn(text), ['api.raised', 'api.one', 'api.other']);
});
