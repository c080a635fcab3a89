import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KeyLanes } from './key-lanes.ts';

test('whatever ends when, each key sees its tasks once, in order, and never two at a time', async () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd');
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(key, { maxLength: 40 }), async (scheduler, keys) => {
      const lanes = new KeyLanes((fault) => {
        throw fault;
      });
      const seen = new Map<string, number[]>();
      const running = new Set<string>();
      keys.forEach((key, index) => {
        lanes.add(key, async () => {
          assert.ok(!running.has(key), 'two tasks of a key at a time');
          running.add(key);
          seen.set(key, [...(seen.get(key) ?? []), index]);
          await scheduler.schedule(Promise.resolve(), `${key}${index}`);
          running.delete(key);
        });
        assert.ok(running.has(key), 'a lane with a task has one running');
      });
      await scheduler.waitIdle();
      for (const key of new Set(keys)) {
        assert.deepEqual(
          seen.get(key),
          keys.flatMap((other, index) => (other === key ? [index] : [])),
        );
      }
      assert.equal(lanes.size, 0);
      assert.equal(lanes.laneCount, 0);
    }),
    { numRuns: 200 },
  );
});
