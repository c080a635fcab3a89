import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backfillUsage, describeBackfill } from './backfill-lines.ts';

test('a report says what became of every line, in the singular where there is one', () => {
  const report = { files: 1, lines: 4, events: 1, deadLetters: 1, empty: 1, resumedLines: 2 };
  assert.deepEqual(describeBackfill(report, { deletions: 1, tookMs: 1_000, deadLetterTopic: 'dlq' }), [
    'Stored 1 event from 4 lines in 1 file, 1 s.',
    '1 deletion or unsuppression of users took effect: files are trusted like the API key.',
    'Of these, 2 lines stored by an earlier run.',
    '1 empty line skipped.',
    '1 bad line stored on dlq.',
  ]);
  const dryRun = describeBackfill(report, { deletions: 0, tookMs: 0, deadLetterTopic: undefined });
  assert.deepEqual([dryRun[0], dryRun.at(-1)], ['Checked 1 event from 4 lines in 1 file, 0 ms.', '1 bad line.']);
});

test('files in another form are named with what to do, ten of them at most', () => {
  const refused = Array.from({ length: 12 }, (_, index) => ({ name: `f${index}`, reason: 'it is a PDF; export it' }));
  const { message } = backfillUsage({ kind: 'refused-files', refused });
  assert.match(message, /^f0: it is a PDF; export it\.\n/);
  assert.match(message, /\nf9: [^\n]*\n2 more files cannot be read\.\nNothing was stored\.$/);
});

test('a state file of another backfill is refused with whose it is', () => {
  const { message } = backfillUsage({ kind: 'other-backfill', path: 's.json', connector: 'acme', topic: 'events' });
  assert.equal(message, 's.json is the state of a backfill of connector acme into events; use another file.');
});
