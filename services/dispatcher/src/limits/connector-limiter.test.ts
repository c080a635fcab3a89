import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallResult } from '../core/call-result.ts';
import { basePolicy as base, createLimiters as create, Item, success } from '../testing/limiters.ts';
import type { LimiterPolicy } from './limiter-policy.ts';

const failure: CallResult = { circuit: 'failure', pressure: 'none', durationMs: undefined, pauseMs: undefined };
const refusal: CallResult = { circuit: 'refusal', pressure: 'none', durationMs: undefined, pauseMs: undefined };

const createLimiters = (policy: Partial<LimiterPolicy> = {}, ceiling = 100) => create({ policy, ceiling });

test('as many calls as the limit allows are under way, the rest waits in its order', () => {
  const { calls, limiter, submit, end } = createLimiters();
  submit('a', 'b', 'c', 'd');
  assert.deepEqual([calls, limiter.inFlight, limiter.queued], [['a', 'b'], 2, 2]);
  end(success);
  assert.deepEqual(calls, ['a', 'b', 'c']);
});

test('an open circuit makes no call but one probe at a time, and what comes again goes first', async () => {
  const { clock, calls, limiter, submit, end } = createLimiters({ concurrency: { floor: 3, initial: 3, ceiling: 3 } });
  submit('a', 'b', 'c', 'd', 'e');
  for (let count = 0; count < 3; count += 1) limiter.ended(failure);
  limiter.pump();
  assert.deepEqual([calls.length, limiter.circuit.kind, limiter.isBlocked()], [3, 'open', true]);
  limiter.resubmit(new Item('a again'));
  await clock.advance(749);
  assert.equal(calls.length, 3);
  await clock.advance(1);
  assert.deepEqual([calls.slice(3), limiter.circuit.kind], [['a again'], 'probing']);
  await clock.advance(10_000);
  assert.equal(calls.length, 4, 'one probe');
  end(success);
  assert.deepEqual([calls.slice(4), limiter.isBlocked()], [['d', 'e'], false]);
});

test('a refused key holds the connector, the time is kept, and an edited key is tried at once', async () => {
  const { clock, calls, limiter, submit, end } = createLimiters();
  submit('a', 'b');
  end(refusal);
  await clock.advance(3_000);
  assert.equal(limiter.haltedMs(clock.monotonicMs()), 3_000);
  end(refusal);
  submit('c');
  limiter.probeNow();
  assert.deepEqual(calls, ['a', 'b', 'c']);
  end(success);
  await clock.advance(5_000);
  assert.equal(limiter.haltedMs(clock.monotonicMs()), 3_000, 'no more once the key works');
  assert.equal(limiter.circuit.kind, 'closed');
});

test('a pause that the API asks for holds the whole connector, and no longer', async () => {
  const { clock, calls, submit, end } = createLimiters();
  submit('a');
  end({ circuit: 'success', pressure: 'throttled', durationMs: undefined, pauseMs: 2_000 });
  submit('b');
  await clock.advance(1_999);
  assert.deepEqual(calls, ['a']);
  await clock.advance(1);
  assert.deepEqual(calls, ['a', 'b']);
});

test('a rate is kept however much waits', async () => {
  const { clock, calls, limiter, end } = createLimiters({ callsPerSecond: 10 });
  for (let index = 0; index < 100; index += 1) limiter.submit(new Item(String(index)));
  for (let step = 0; step < 1_000; step += 10) {
    while (limiter.inFlight > 0) end(success);
    await clock.advance(10);
  }
  assert.ok(calls.length >= 9 && calls.length <= 11, `${calls.length} calls in a second`);
});

test('a connector that does not answer gets its floor only, and its silence is seen', async () => {
  const { clock, calls, limiter, submit } = createLimiters({ concurrency: { floor: 1, initial: 8, ceiling: 8 } });
  submit('a', 'b');
  await clock.advance(2_001);
  assert.equal(limiter.isBlocked(), true);
  submit('c');
  assert.deepEqual(calls, ['a', 'b']);
});

test('connectors that hang leave room for the next, and everybody has the floor', () => {
  const { bulkhead, limiterOf } = createLimiters({ concurrency: { floor: 2, initial: 64, ceiling: 64 } }, 60);
  const limiters = ['a', 'b', 'c', 'd'].map((id) => {
    const limiter = limiterOf(id);
    for (let index = 0; index < 100; index += 1) limiter.submit(new Item(`${id}${index}`));
    return limiter;
  });
  assert.deepEqual(
    limiters.map(({ inFlight }) => inFlight),
    [30, 15, 8, 4],
  );
  assert.equal(bulkhead.inFlight, 57);
  const [first, , , last] = limiters;
  first?.ended(success);
  bulkhead.serveNext();
  assert.equal(last?.inFlight, 4, 'one more for one less would leave no room');
});

test('commands that are ready together share a call, up to its bounds, and a lone one does not wait for long', async () => {
  const { clock, calls, limiter } = createLimiters({ bulk: { maxCommands: 3, maxBytes: 250, lingerMs: 5 } });
  for (const name of ['a', 'b', 'c', 'd']) limiter.submit(new Item(name));
  assert.deepEqual(calls, ['a+b'], 'three would be 300 bytes');
  await clock.advance(5);
  assert.deepEqual(calls, ['a+b', 'c+d']);
});

test('what must go alone has a call of its own', () => {
  const { calls, limiter } = createLimiters({ bulk: { maxCommands: 2, maxBytes: 1_000, lingerMs: 5 } });
  const alone = new Item('alone');
  alone.isSingle = true;
  limiter.submit(alone);
  limiter.submit(new Item('b'));
  limiter.submit(new Item('c'));
  assert.deepEqual(calls, ['alone', 'b+c']);
});

test('what was withdrawn is never called for, and a long line of it is forgotten', () => {
  const { calls, limiter, end } = createLimiters();
  const items = Array.from({ length: 5_000 }, (_, index) => new Item(String(index)));
  for (const item of items) limiter.submit(item);
  for (const item of items.slice(2, -1)) {
    item.isWaiting = false;
    limiter.cancelled(item);
  }
  assert.equal(limiter.queued, 1);
  end(success);
  assert.deepEqual(calls, ['0', '1', '4999']);
});

test('another policy is followed from the next call on, and what was under way stays', () => {
  const { calls, limiter, submit, end } = createLimiters({ concurrency: { floor: 1, initial: 4, ceiling: 4 } });
  submit('a', 'b', 'c', 'd', 'e', 'f');
  limiter.adopt({ ...base, concurrency: { floor: 1, initial: 1, ceiling: 1 } });
  assert.deepEqual([limiter.maxInFlight, limiter.inFlight], [1, 4]);
  for (let count = 0; count < 3; count += 1) end(success);
  assert.equal(calls.length, 4, 'one is still under way');
  end(success);
  assert.deepEqual(calls.slice(4), ['e']);
  limiter.adopt({ ...base, concurrency: { floor: 2, initial: 2, ceiling: 8 } });
  assert.deepEqual(calls.slice(4), ['e', 'f'], 'without waiting for an answer');
});

test('bulk calls begin and end with the policy, and what the API refused stays refused under the same one', async () => {
  const bulk = { maxCommands: 2, maxBytes: 1_000, lingerMs: 5 };
  const { clock, calls, limiter, submit, end } = createLimiters({ concurrency: { floor: 1, initial: 1, ceiling: 1 } });
  const one = { ...base, concurrency: { floor: 1, initial: 1, ceiling: 1 } };
  submit('a', 'b', 'c');
  limiter.adopt({ ...one, bulk });
  end(success);
  assert.deepEqual(calls, ['a', 'b+c']);
  limiter.endBulk();
  limiter.adopt({ ...one, bulk: { ...bulk }, callsPerSecond: 1_000 });
  submit('d', 'e');
  end(success);
  await clock.advance(100);
  end(success);
  assert.deepEqual(calls.slice(2), ['d', 'e']);
  submit('f', 'g');
  limiter.adopt({ ...one, bulk: { ...bulk, maxCommands: 3 } });
  await clock.advance(100);
  end(success);
  assert.deepEqual(calls.slice(4), ['f+g']);
});

test('however often its rate is changed, in no second are more calls made than the highest one of it allows', async () => {
  const { clock, limiter, end, calls } = createLimiters({
    callsPerSecond: 20,
    concurrency: { floor: 9, initial: 9, ceiling: 9 },
  });
  const timesMs: number[] = [];
  for (let index = 0; index < 500; index += 1) limiter.submit(new Item(String(index)));
  const rates = [20, 5, 20, 1, 7, 20, 3, 19];
  for (let step = 0; step < 2_000; step += 1) {
    while (limiter.inFlight > 0) end(success);
    while (timesMs.length < calls.length) timesMs.push(clock.nowMs());
    if (step % 37 === 0) limiter.adopt({ ...base, callsPerSecond: rates[(step / 37) % rates.length] ?? 20 });
    await clock.advance(5);
  }
  assert.ok(timesMs.length > 50, `${timesMs.length} calls`);
  for (const [index, atMs] of timesMs.entries()) {
    const later = timesMs[index + 20];
    assert.ok(later === undefined || later - atMs >= 1_000, `21 calls within ${(later ?? 0) - atMs} ms`);
  }
});

for (const jumpMs of [-3_600_000, 3_600_000]) {
  const jumped = jumpMs < 0 ? 'back' : 'forward';

  test(`a wall clock that is set ${jumped} moves neither the probe of an open circuit nor the pause that an API asked for`, async () => {
    const { clock, calls, submit, end } = createLimiters();
    submit('a', 'b', 'c');
    for (let failures = 0; failures < 3; failures += 1) end(failure);
    submit('probe');
    const before = calls.length;
    clock.jump(jumpMs);
    await clock.advance(499);
    assert.equal(calls.length, before);
    await clock.advance(501);
    assert.equal(calls.length, before + 1, 'the probe goes out within its pause');
    end({ ...success, pauseMs: 2_000 });
    submit('later');
    clock.jump(jumpMs);
    await clock.advance(1_999);
    assert.equal(calls.length, before + 1);
    await clock.advance(1);
    assert.ok(calls.length > before + 1);
  });

  test(`a wall clock that is set ${jumped} neither stops a rate nor lets more through`, async () => {
    const { clock, calls, limiter, end } = createLimiters({ callsPerSecond: 10 });
    for (let index = 0; index < 100; index += 1) limiter.submit(new Item(String(index)));
    for (let step = 0; step < 1_000; step += 10) {
      while (limiter.inFlight > 0) end(success);
      if (step === 500) clock.jump(jumpMs);
      await clock.advance(10);
    }
    assert.ok(calls.length >= 9 && calls.length <= 11, `${calls.length} calls in a second`);
  });
}
