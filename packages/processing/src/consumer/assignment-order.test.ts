import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '@astrolabe/kafka/testing';
import { PartitionSessions } from './partition-sessions.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('who hears of a lost partition knows the whole new assignment before the work on any lost one is given up', async () => {
  const effects: string[] = [];
  const tell = (): void => void effects.push(`assigned ${sessions.partitions().join()}`);
  const sessions: PartitionSessions = new PartitionSessions({
    topic: 't',
    topicId: undefined,
    createProcessor: ({ partition, signal }) => {
      signal.addEventListener('abort', () => queueMicrotask(tell));
      return {
        enqueue: () => undefined,
        idle: () => Promise.resolve(),
        stop: async () => void effects.push(`stop ${partition}`),
      };
    },
    pause: () => undefined,
    resume: () => undefined,
    fail: (fault) => assert.fail(String(fault)),
    logger: silentLogger,
  });
  sessions.assign({ memberId: 'me', generationId: 1 }, [0, 1, 2]);
  await turn();
  sessions.assign({ memberId: 'me', generationId: 2 }, [2, 5]);
  await turn();
  assert.deepEqual(effects.slice(0, 1), ['assigned 2,5']);
  assert.deepEqual(effects.toSorted(), ['assigned 2,5', 'assigned 2,5', 'stop 0', 'stop 1']);
});
