import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from './manual-clock.ts';

test('time does not move until the clock is advanced', async () => {
  const clock = createManualClock(1_000);
  assert.equal(clock.nowMs(), 1_000);
  await clock.advance(250);
  assert.equal(clock.nowMs(), 1_250);
});

test('sleeps wake in order of due time, each seeing its own due time', async () => {
  const clock = createManualClock(0);
  const woken: [string, number][] = [];
  const sleep = async (name: string, ms: number) => {
    await clock.sleep(ms);
    woken.push([name, clock.nowMs()]);
  };
  void sleep('late', 30);
  void sleep('early', 10);
  void sleep('beyond', 31);
  await clock.advance(30);
  assert.deepEqual(woken, [
    ['early', 10],
    ['late', 30],
  ]);
  assert.deepEqual(clock.remainingSleepsMs(), [1]);
});

test('a sleeper that sleeps again within the advance wakes again', async () => {
  const clock = createManualClock(0);
  const beats: number[] = [];
  void (async () => {
    for (;;) {
      await clock.sleep(10);
      beats.push(clock.nowMs());
    }
  })();
  await clock.advance(35);
  assert.deepEqual(beats, [10, 20, 30]);
});

test('advancing to the next sleep waits for a first sleeper and says how far it went', async () => {
  const clock = createManualClock(0);
  const moved = clock.advanceToNextSleep();
  const slept = clock.sleep(40);
  assert.equal(await moved, 40);
  await slept;
});

test('waiting for sleepers resolves once that many sleep', async () => {
  const clock = createManualClock(0);
  let reached = false;
  const waiting = clock.untilSleeping(2).then(() => (reached = true));
  void clock.sleep(5);
  await clock.advance(0);
  assert.equal(reached, false);
  void clock.sleep(5);
  await waiting;
});

test('an aborted sleep rejects with the reason of the signal and is removed', async () => {
  const clock = createManualClock(0);
  const stopping = new AbortController();
  const sleep = clock.sleep(10, stopping.signal);
  stopping.abort(new Error('stop'));
  await assert.rejects(sleep, /^Error: stop$/);
  assert.deepEqual(clock.remainingSleepsMs(), []);
  await assert.rejects(clock.sleep(10, stopping.signal), /^Error: stop$/);
});

test('a wall clock that jumps moves no sleep and no monotonic time', async () => {
  const clock = createManualClock(1_000_000);
  const startMs = clock.monotonicMs();
  let woken = false;
  const sleeping = clock.sleep(100).then(() => {
    woken = true;
  });
  clock.jump(-3_600_000);
  assert.equal(clock.nowMs(), 1_000_000 - 3_600_000);
  await clock.advance(99);
  assert.equal(woken, false);
  clock.jump(7_200_000);
  await clock.advance(1);
  await sleeping;
  assert.deepEqual([clock.monotonicMs() - startMs, clock.nowMs()], [100, 1_000_000 + 3_600_000 + 100]);
});
