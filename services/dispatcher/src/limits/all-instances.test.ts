/** Several instances, each with limits of its own, that know nothing of each other but what they own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '@astrolabe/service-kit/clock';
import type { DeliverySettings } from '@astrolabe/service-kit/connectors';
import type { CallResult } from '../core/call-result.ts';
import { Bulkhead } from './bulkhead.ts';
import { ConnectorLimiter } from './connector-limiter.ts';
import { createLimiterPolicies } from './limiter-policy.ts';
import { SettledShares } from './settled-shares.ts';
import type { QueuedItem } from './item-line.ts';

const PARTITIONS = 6;
const STEP_MS = 10;
const REVIEW_MS = 250;
const API_TIMEOUT_MS = 5_000;
const success: CallResult = { circuit: 'success', pressure: 'none', durationMs: 1, pauseMs: undefined };

const policyOf = createLimiterPolicies({
  maxConcurrentCalls: 64,
  minConcurrentCalls: 4,
  callsPerSecond: 0,
  bulk: false,
  bulkMaxCommands: 100,
  bulkMaxBytes: 1_000_000,
  bulkLingerMs: 5,
  circuitFailures: 10,
  circuitPauseMs: 1_000,
  circuitMaxPauseMs: 10_000,
  haltMs: 1_000,
  haltMaxMs: 10_000,
});

/** With more to call for than they ever can. */
function createInstances(count: number, settings: DeliverySettings) {
  const clock = createManualClock();
  /** Of all instances, in the order in which they were made. */
  const calls: { readonly atMs: number; readonly instance: number }[] = [];
  const instances = Array.from({ length: count }, (_, instance) => {
    const shares: SettledShares = new SettledShares({
      clock,
      callRiseMs: API_TIMEOUT_MS,
      onChange: () => limiter.adopt(policyOf(settings, shares.current)),
    });
    const limiter = new ConnectorLimiter<QueuedItem>({
      connectorId: 'acme',
      policy: policyOf(settings, shares.current),
      bulkhead: new Bulkhead(1_000),
      clock,
      random: () => 0.5,
      signal: new AbortController().signal,
      call: () => void calls.push({ atMs: clock.monotonicMs(), instance }),
      onCircuit: () => undefined,
    });
    const item = { isWaiting: true, sizeBytes: 1, isSingle: false, isReplayed: false };
    for (let index = 0; index < 20_000; index += 1) limiter.submit(item);
    return { limiter, shares };
  });
  const own = (instance: number, owned: number) => instances[instance]?.shares.update({ owned, total: PARTITIONS });
  /** `answers`: all calls are answered at each step, or none is. */
  const passMs = async (ms: number, owned: readonly number[], answers = true) => {
    for (let passedMs = 0; passedMs < ms; passedMs += STEP_MS) {
      for (const { limiter } of instances) {
        while (answers && limiter.inFlight > 0) limiter.ended(success);
        limiter.pump();
      }
      if (passedMs % REVIEW_MS === 0) for (const [instance, count] of owned.entries()) own(instance, count);
      await clock.advance(STEP_MS);
    }
  };
  const inFlight = () => instances.map(({ limiter }) => limiter.inFlight);
  const callsOf = (instance: number) => calls.filter((call) => call.instance === instance).length;
  return { calls, own, passMs, inFlight, callsOf };
}

/** The most calls within any second. */
function busiestSecond(calls: readonly { readonly atMs: number }[]): number {
  return Math.max(
    ...calls.map(({ atMs: fromMs }) => calls.filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + 1_000).length),
  );
}

test('in no second do all instances together make more calls than callsPerSecond', async () => {
  const LIMIT = 20;
  /** Of an instance that loses a partition, to learn of it. */
  const LEARN_MS = 900;
  const { calls, passMs, own } = createInstances(3, { callsPerSecond: LIMIT });
  const assignments = [
    [6, 0, 0],
    [3, 3, 0],
    [2, 2, 2],
    [0, 3, 3],
    [0, 6, 0],
    [1, 2, 3],
  ];
  let before = [0, 0, 0];
  for (const owned of assignments) {
    // Who gains knows of it at once; who loses, late.
    await passMs(
      LEARN_MS,
      owned.map((count, instance) => Math.max(count, before[instance] ?? 0)),
    );
    for (const [instance, count] of owned.entries()) own(instance, count);
    await passMs(3_300, owned);
    before = owned;
  }
  assert.ok(calls.length > 200, `${calls.length} calls`);
  const most = busiestSecond(calls);
  assert.ok(most > LIMIT / 2 && most <= LIMIT, `${most} calls within a second`);
});

test('a limit that each instance has a whole part of is used up to nine tenths in steady state', async () => {
  const { calls, passMs } = createInstances(3, { callsPerSecond: 60 });
  await passMs(2_500, [1, 2, 3]);
  const before = calls.length;
  await passMs(10_000, [1, 2, 3]);
  const perSecond = (calls.length - before) / 10;
  assert.ok(perSecond >= 54 && perSecond <= 60, `${perSecond} calls a second`);
});

test('four instances with one call a second make one each in as many seconds as their parts are small', async () => {
  const { calls, passMs, callsOf } = createInstances(4, { callsPerSecond: 1 });
  const SECONDS = 60;
  await passMs(2_500, [2, 2, 1, 1]);
  calls.length = 0;
  await passMs(SECONDS * 1_000, [2, 2, 1, 1]);
  const counts = [0, 1, 2, 3].map(callsOf);
  // A third and a sixth of a call a second; one more may fall into the time.
  for (const [instance, perSecond] of [1 / 3, 1 / 3, 1 / 6, 1 / 6].entries()) {
    const count = counts[instance] ?? 0;
    assert.ok(Math.abs(count - perSecond * SECONDS) <= 1, `${counts.join(', ')} calls in ${SECONDS} s`);
  }
  assert.ok(busiestSecond(calls) <= 4, 'one of each at most');
});

test('all instances together have as many calls in flight as maxConcurrentCalls at most', async () => {
  const { passMs, inFlight } = createInstances(3, { maxConcurrentCalls: 12 });
  await passMs(500, [6, 0, 0], false);
  assert.deepEqual(inFlight(), [12, 0, 0]);
  await passMs(500, [2, 2, 2], true);
  await passMs(500, [2, 2, 2], false);
  assert.deepEqual(inFlight(), [4, 4, 4]);
  // The first has left. What it gave up may still be at work at the API.
  await passMs(API_TIMEOUT_MS - 500, [0, 3, 3], true);
  await passMs(200, [0, 3, 3], false);
  assert.deepEqual(inFlight(), [0, 4, 4]);
  await passMs(1_000, [0, 3, 3], true);
  await passMs(500, [0, 3, 3], false);
  assert.deepEqual(inFlight(), [0, 6, 6]);
});

test('across a rebalance there are more calls in flight by the share of the instance that is new, and only until those before it end', async () => {
  const { passMs, inFlight } = createInstances(2, { maxConcurrentCalls: 12 });
  await passMs(500, [6, 0], false);
  await passMs(500, [3, 3], false);
  assert.deepEqual(inFlight(), [12, 6], 'the calls of the first are not answered yet');
  await passMs(100, [3, 3], true);
  await passMs(100, [3, 3], false);
  assert.deepEqual(inFlight(), [6, 6]);
});

test('a limit of one call in flight is one for each instance that owns a partition', async () => {
  const { passMs, inFlight } = createInstances(4, { maxConcurrentCalls: 1 });
  await passMs(500, [3, 2, 1, 0], false);
  assert.deepEqual(inFlight(), [1, 1, 1, 0]);
});
