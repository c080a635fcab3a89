import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topicsFor } from '@astrolabe/records';
import { describeBounds, parsePosition } from './letter-position.ts';

const topics = topicsFor('');

test('what a partition holds is told by its first and last offset, and an empty one as empty', () => {
  assert.equal(describeBounds({ lowWatermark: 0n, highWatermark: 42n }), 'the partition holds 0 to 41');
  assert.equal(describeBounds({ lowWatermark: 0n, highWatermark: 0n }), 'the partition is empty');
  const emptied = { lowWatermark: 7n, highWatermark: 7n };
  assert.equal(describeBounds(emptied), 'the partition is empty, all before 7 is gone');
});

test('a place names its topic, or takes that of the flag; what names none is shown without its control characters', () => {
  const position = { role: 'events', topic: topics.segmentEventsDeadLetters.name, partition: 3, offset: 17n };
  assert.deepEqual(parsePosition(topics, 'events:3:17', undefined), position);
  assert.deepEqual(parsePosition(topics, '3:17', 'events'), position);
  for (const text of ['3:17', 'events:3', 'nothing:3:17', 'events:3:-1']) {
    assert.throws(() => parsePosition(topics, text, undefined), /names no dead letter; write events:partition:offset/);
  }
  assert.throws(() => parsePosition(topics, '\u001b[2J', undefined), /"\\u001b\[2J" names no dead letter/);
});
