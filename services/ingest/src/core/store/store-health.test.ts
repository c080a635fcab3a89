import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  initialStoreHealth,
  isReady,
  nextStoreHealth,
  type StoreEvidence,
  type StoreHealth,
  type StoreHealthPolicy,
} from './store-health.ts';

const policy: StoreHealthPolicy = { graceMs: 5_000, holdMs: 5_000, maxHoldMs: 20_000, calmMs: 60_000 };
const stored: StoreEvidence = { kind: 'stored' };
const passed: StoreEvidence = { kind: 'probe-passed' };
const failed: StoreEvidence = { kind: 'failed', reason: 'no broker' };
const probeFailed: StoreEvidence = { kind: 'probe-failed', reason: 'no broker' };

/** The states after each of `[time, evidence]`. */
function statesAfter(steps: readonly (readonly [number, StoreEvidence])[], from = initialStoreHealth(0)) {
  const states: string[] = [];
  let health = from;
  for (const [nowMs, evidence] of steps) {
    health = nextStoreHealth(health, evidence, nowMs, policy);
    states.push(health.state);
  }
  return { states, health };
}

/** As an outage that lasts from `fromMs` until `untilMs`, and then is over, with evidence every second. */
function outage(health: StoreHealth, fromMs: number, untilMs: number): { health: StoreHealth; readyAtMs: number } {
  let current = health;
  for (let nowMs = fromMs; nowMs < untilMs; nowMs += 1_000) current = nextStoreHealth(current, failed, nowMs, policy);
  let nowMs = untilMs;
  for (; !isReady(current); nowMs += 1_000) current = nextStoreHealth(current, passed, nowMs, policy);
  return { health: current, readyAtMs: nowMs - 1_000 };
}

test('failures for the whole grace make an instance unready, and successes for the whole hold make it ready again', () => {
  const { states } = statesAfter([
    [1_000, failed],
    [5_999, failed],
    [6_000, failed],
    [7_000, failed],
    [8_000, passed],
    [12_999, passed],
    [13_000, passed],
  ]);
  assert.deepEqual(states, ['failing', 'failing', 'unready', 'unready', 'recovering', 'recovering', 'storing']);
});

test('an instance that nobody sends anything learns of an outage and of its end by probes', () => {
  const { states } = statesAfter([
    [0, probeFailed],
    [5_000, probeFailed],
    [9_000, passed],
    [14_000, passed],
  ]);
  assert.deepEqual(states, ['failing', 'unready', 'recovering', 'storing']);
});

test('one stored request among failures shows that an instance can store', () => {
  const { states } = statesAfter([
    [0, failed],
    [4_000, stored],
    [4_001, failed],
    [9_000, failed],
  ]);
  assert.deepEqual(states, ['failing', 'storing', 'failing', 'failing']);
});

test('a probe that passes does not disprove a request that was refused a moment ago, but an old refusal counts no more', () => {
  const { states } = statesAfter([
    [0, failed],
    [2_000, passed],
    [4_000, passed],
    [5_000, passed],
    [60_000, failed],
  ]);
  assert.deepEqual(states, ['failing', 'failing', 'failing', 'storing', 'failing']);
});

test('an instance that fails again as soon as it is ready stays out for twice as long each time, up to the bound', () => {
  let health = initialStoreHealth(0);
  let nowMs = 0;
  const holds: number[] = [];
  for (let round = 0; round < 4; round += 1) {
    const over = nowMs + 10_000;
    const { health: recovered, readyAtMs } = outage(health, nowMs, over);
    holds.push(readyAtMs - over);
    health = recovered;
    nowMs = readyAtMs + 1_000;
  }
  assert.deepEqual(holds, [5_000, 10_000, 20_000, 20_000]);
  const { readyAtMs } = outage(health, nowMs + 60_000, nowMs + 70_000);
  assert.equal(readyAtMs - (nowMs + 70_000), 5_000, 'after a calm time it begins again');
});

test('readiness changes only after a grace of failures or a hold of successes, whatever is seen', () => {
  const evidence = fc.constantFrom(stored, passed, failed, probeFailed);
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 8_000 }), evidence), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (steps) => {
      let health = initialStoreHealth(0);
      let nowMs = 0;
      let lastFailureMs = -Infinity;
      let lastStoredMs = 0;
      let changedAtMs = 0;
      for (const [afterMs, seen] of steps) {
        nowMs += afterMs;
        const wasReady = isReady(health);
        health = nextStoreHealth(health, seen, nowMs, policy);
        if ('reason' in seen) lastFailureMs = nowMs;
        if (seen.kind === 'stored') lastStoredMs = nowMs;
        if (isReady(health) === wasReady) continue;
        const quietMs = nowMs - (wasReady ? lastStoredMs : lastFailureMs);
        assert.ok(quietMs >= policy.graceMs && nowMs - changedAtMs >= policy.graceMs);
        changedAtMs = nowMs;
      }
    }),
  );
});
