import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KafkaConnection } from '@astrolabe/kafka';
import { silentLogger } from '@astrolabe/kafka/testing';
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
