import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decisionUsage, describeBounds } from './dlq-refusals.ts';

test('what a partition has is given by its first and last offset, or as empty', () => {
  assert.equal(describeBounds({ lowWatermark: 0n, highWatermark: 42n }), 'the partition has offsets 0 to 41');
  assert.equal(describeBounds({ lowWatermark: 0n, highWatermark: 0n }), 'the partition is empty');
  const emptied = { lowWatermark: 7n, highWatermark: 7n };
  assert.equal(describeBounds(emptied), 'the partition is empty; everything before 7 is gone');
});

test('text that is not a position is shown without its control characters', () => {
  const { message } = decisionUsage({ kind: 'invalid-position', text: '\u001b[2J' }, undefined);
  assert.match(message, /"\\u001b\[2J" is not the position of a dead letter; use events:partition:offset/);
});
