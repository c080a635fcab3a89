import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { freshRate, takeCall } from './call-rate.ts';

/** When calls are made by one who asks at these times and, told to wait, comes back exactly then. */
function callTimes(callsPerSecond: number, pausesMs: readonly number[], untilMs: number): number[] {
  let nowMs = 1_700_000_000_000;
  const endMs = nowMs + untilMs;
  let rate = freshRate(callsPerSecond, nowMs);
  const times: number[] = [];
  for (let turn = 0; nowMs < endMs && times.length < 20_000; turn += 1) {
    const decision = takeCall(rate, callsPerSecond, nowMs);
    if (decision.kind === 'go') {
      rate = decision.rate;
      times.push(nowMs);
      nowMs += pausesMs[turn % pausesMs.length] ?? 0;
    } else {
      nowMs += decision.waitMs;
    }
  }
  return times;
}

test('in no second, wherever it begins, are more calls made than the limit', () => {
  const pauses = fc.array(fc.oneof(fc.constant(0), fc.constant(0), fc.nat(400)), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2_000 }), pauses, (callsPerSecond, pauses) => {
      const times = callTimes(callsPerSecond, pauses, 4_000);
      for (let index = callsPerSecond; index < times.length; index += 1) {
        const spanMs = (times[index] ?? 0) - (times[index - callsPerSecond] ?? 0);
        assert.ok(spanMs >= 1_000, `${callsPerSecond + 1} calls within ${spanMs} ms`);
      }
    }),
    { numRuns: 200 },
  );
});

test('who always has something to call for gets nine tenths of the limit or more', () => {
  for (const callsPerSecond of [1, 2, 7, 10, 49, 50, 100, 333, 1_000, 1_900]) {
    const calls = callTimes(callsPerSecond, [0], 10_000).length;
    assert.ok(
      calls >= callsPerSecond * 9 && calls <= callsPerSecond * 10 + 1,
      `${calls} at ${callsPerSecond} a second`,
    );
  }
});

test('of a limit below one, two calls are as far apart as it says', () => {
  for (const callsPerSecond of [0.01, 1 / 6, 0.25, 1 / 3, 0.99]) {
    const times = callTimes(callsPerSecond, [0], 300_000);
    assert.ok(times.length >= 300 * callsPerSecond - 1, `${times.length} calls at ${callsPerSecond} a second`);
    for (const [index, atMs] of times.slice(1).entries()) {
      assert.ok(atMs - (times[index] ?? 0) >= 1_000 / callsPerSecond - 1, `at ${callsPerSecond} a second`);
    }
  }
});

test('a clock that is set back neither lets more calls through nor blocks them', () => {
  const nowMs = 1_700_000_000_000;
  let rate = freshRate(1, nowMs);
  const first = takeCall(rate, 1, nowMs);
  assert.ok(first.kind === 'go');
  rate = first.rate;
  assert.deepEqual(takeCall(rate, 1, nowMs - 3_600_000), { kind: 'wait', waitMs: 1_000 });
});
