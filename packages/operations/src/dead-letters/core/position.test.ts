import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topicsFor } from '@astrolabe/records';
import { parseDeadLetterPosition } from './position.ts';

const topics = topicsFor('');

test('a position names its topic, or is on the default one', () => {
  const position = { role: 'events', topic: topics.segmentEventsDeadLetters.name, partition: 3, offset: 17n };
  assert.deepEqual(parseDeadLetterPosition(topics, 'events:3:17', undefined), position);
  assert.deepEqual(parseDeadLetterPosition(topics, '3:17', 'events'), position);
  for (const text of ['3:17', 'events:3', 'nothing:3:17', 'events:3:-1', '\u001b[2J']) {
    assert.equal(parseDeadLetterPosition(topics, text, undefined), undefined, text);
  }
});
