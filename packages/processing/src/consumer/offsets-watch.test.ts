import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KafkaConnection } from '@astrolabe/kafka';
import { silentLogger } from '@astrolabe/kafka/testing';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { watchOffsets } from './offsets-watch.ts';

test('the watch of offsets closes while it waits for brokers that do not answer', async () => {
  const asked = Promise.withResolvers<void>();
  const watch = watchOffsets({
    connection: {} as KafkaConnection,
    reader: {
      offsets: () => {
        asked.resolve();
        return new Promise(() => undefined);
      },
    },
    topic: 'events',
    workPositions: () => new Map([[0, undefined]]),
    logger: silentLogger,
    intervalMs: 1,
  });
  // The timer of the watch keeps no process alive, and nor does what waits for it.
  const alive = setInterval(() => undefined, 1_000);
  try {
    await asked.promise;
    await watch.close();
    assert.deepEqual(watch.held(), new Map());
  } finally {
    clearInterval(alive);
  }
});

test('the lag of a partition stays current while another partition has no leader', async () => {
  const ends = [10n, 20n, 30n];
  const looks = Promise.withResolvers<void>();
  let looksAtLast = 0;
  const position = { finishedTo: 5n, readTo: 5n, oldestAtMs: undefined };
  const watch = watchOffsets({
    connection: {} as KafkaConnection,
    reader: {
      offsets: async (_topic, partition) => {
        if (partition === 0) return new Promise(() => undefined);
        if (partition === 1) throw new PipelineError('kafka.unavailable', 'no leader', { retryable: true });
        looksAtLast += 1;
        // The second is made when the first has been seen.
        if (looksAtLast === 2) looks.resolve();
        const highWatermark = ends[partition] ?? assert.fail();
        return { lowWatermark: 0n, lastStableOffset: highWatermark, highWatermark };
      },
    },
    topic: 'events',
    workPositions: () => new Map([0, 1, 2].map((partition) => [partition, position])),
    logger: silentLogger,
    intervalMs: 1,
  });
  const alive = setInterval(() => undefined, 1_000);
  try {
    await looks.promise;
    assert.deepEqual(
      [...watch.lags()].map(([partition, { records }]) => [partition, records]),
      [
        [0, 0],
        [1, 0],
        [2, 25],
      ],
    );
    assert.deepEqual(watch.held(), new Map([[2, 0]]));
  } finally {
    await watch.close();
    clearInterval(alive);
  }
});
