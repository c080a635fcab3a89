import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '@astrolabe/service-kit';
import { createManualClock } from '@astrolabe/service-kit/clock';
import { PARTITION, ReplayTopics } from '../testing/replay-topics.ts';
import { createReplayReader } from './replay-reader.ts';

const { signal } = new AbortController();

function createReader(topics: ReplayTopics) {
  const logger = createLogger({ name: 'test', level: 'silent' });
  return createReplayReader({ reader: topics.reader(2), clock: createManualClock(), random: () => 0, logger });
}

test('a range beyond the end of a topic, which lost its records or was created again, is gone and no fault', async () => {
  const topics = new ReplayTopics();
  topics.append('commands', 'a1');
  const page = await createReader(topics).page('commands', PARTITION, 5n, 9n, signal);
  assert.deepEqual(page, { records: [], gaps: [{ kind: 'expired', fromOffset: 5n, nextOffset: 9n }], nextOffset: 9n });
});

test('a page is what one fetch brings, and the bounds are those of the partition', async () => {
  const topics = new ReplayTopics();
  topics.append('commands', 'a1', 'b1', 'c1');
  topics.expire('commands', 1n);
  const reader = createReader(topics);
  const { records, gaps, nextOffset } = await reader.page('commands', PARTITION, 1n, 3n, signal);
  assert.deepEqual([records.map(({ offset }) => offset), gaps, nextOffset], [[1n, 2n], [], 3n]);
  const { lowWatermark, highWatermark } = await reader.bounds('commands', PARTITION, signal);
  assert.deepEqual([lowWatermark, highWatermark], [1n, 3n]);
});
