import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { createManualClock } from '@astrolabe/service-kit/clock';
import fc from 'fast-check';
import { SharedRun } from './shared-run.ts';

const LINGER_MS = 100;

function setUp() {
  const clock = createManualClock();
  const counts = { now: 0, most: 0, begun: 0 };
  const run = new SharedRun({
    clock,
    lingerMs: LINGER_MS,
    run: async (signal) => {
      counts.begun += 1;
      counts.now += 1;
      counts.most = Math.max(counts.most, counts.now);
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      // Ending takes a while, as closing a fetch does.
      await turn();
      counts.now -= 1;
    },
  });
  return { clock, counts, run };
}

const settle = async (): Promise<void> => {
  for (let turns = 0; turns < 5; turns += 1) await turn();
};

test('it runs once however many watch, and ends a while after the last has left', async () => {
  const { clock, counts, run } = setUp();
  const leave = Array.from({ length: 50 }, () => run.join());
  assert.deepEqual([counts.begun, run.state, run.watchers], [1, 'running', 50]);
  for (const each of leave) each();
  leave[0]?.();
  assert.deepEqual([run.state, run.watchers], ['lingering', 0]);
  const back = run.join();
  assert.deepEqual([run.state, counts.begun], ['running', 1]);
  back();
  await clock.advance(LINGER_MS);
  await settle();
  assert.deepEqual([run.state, counts.now], ['stopped', 0]);
});

test('whatever comes and goes, there is never a second run beside a first, and somebody who watches has one', async () => {
  const step = fc.oneof(
    fc.constant('join' as const),
    fc.constant('leave' as const),
    fc.constant('settle' as const),
    fc.integer({ min: 1, max: 2 * LINGER_MS }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { clock, counts, run } = setUp();
      const leaves: (() => void)[] = [];
      for (const each of steps) {
        if (each === 'join') leaves.push(run.join());
        else if (each === 'leave') leaves.shift()?.();
        else if (each === 'settle') await settle();
        else await clock.advance(each);
        assert.equal(counts.most <= 1, true);
      }
      await settle();
      if (leaves.length > 0) assert.deepEqual([run.state, counts.now], ['running', 1]);
      await run.close();
      assert.deepEqual([run.state, counts.now], ['closed', 0]);
      run.join();
      assert.equal(counts.now, 0);
    }),
    { numRuns: 200 },
  );
});
