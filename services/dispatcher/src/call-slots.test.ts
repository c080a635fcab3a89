import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CallSlots } from './call-slots.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const never = new AbortController().signal;

/** Calls that the test ends. */
function createCalls(slots: CallSlots) {
  const started: number[] = [];
  const calls = new Map<number, PromiseWithResolvers<void>>();
  const call = (name: number, signal = never) =>
    slots.run(() => {
      started.push(name);
      const running = Promise.withResolvers<void>();
      calls.set(name, running);
      return running.promise;
    }, signal);
  const end = async (name: number, fault?: Error) => {
    if (fault === undefined) calls.get(name)?.resolve();
    else calls.get(name)?.reject(fault);
    await turn();
  };
  return { started, call, end };
}

test('no more calls run than there are slots, and who waits is served in the order of arrival', async () => {
  const slots = new CallSlots(2);
  const { started, call, end } = createCalls(slots);
  for (const name of [1, 2, 3, 4]) void call(name);
  assert.deepEqual([started, slots.used, slots.waiting], [[1, 2], 2, 2]);
  await end(2);
  assert.deepEqual([started, slots.used, slots.waiting], [[1, 2, 3], 2, 1]);
  await end(1);
  await end(3);
  await end(4);
  assert.deepEqual([started, slots.used, slots.waiting], [[1, 2, 3, 4], 0, 0]);
});

test('a call that fails gives its slot back and its failure to its caller', async () => {
  const slots = new CallSlots(1);
  const { started, call, end } = createCalls(slots);
  const failing = call(1);
  void call(2);
  const fault = new Error('fault');
  const rejected = assert.rejects(failing, fault);
  await end(1, fault);
  await rejected;
  assert.deepEqual(started, [1, 2]);
});

test('nobody overtakes who waits: a slot is handed over, never free in between', async () => {
  const slots = new CallSlots(1);
  const { started, call, end } = createCalls(slots);
  const first = call(1);
  void call(2);
  // Comes at the very moment at which the first one ends.
  void first.then(() => call(3));
  await end(1);
  assert.deepEqual(started, [1, 2]);
  await end(2);
  assert.deepEqual(started, [1, 2, 3]);
});

test('who is aborted while waiting leaves the line, and those behind move up', async () => {
  const slots = new CallSlots(1);
  const { started, call, end } = createCalls(slots);
  void call(1);
  const controller = new AbortController();
  const leaving = call(2, controller.signal);
  void call(3);
  const reason = new Error('session over');
  controller.abort(reason);
  await assert.rejects(leaving, reason);
  assert.equal(slots.waiting, 1);
  await end(1);
  assert.deepEqual(started, [1, 3]);
});

test('who is aborted before coming does not wait', async () => {
  const slots = new CallSlots(1);
  const { call } = createCalls(slots);
  void call(1);
  const reason = new Error('session over');
  await assert.rejects(call(2, AbortSignal.abort(reason)), reason);
  assert.equal(slots.waiting, 0);
});

test('4,000 that wait are served, or leave, in linear time', async () => {
  const slots = new CallSlots(1);
  const { call, end } = createCalls(slots);
  void call(0);
  const controller = new AbortController();
  const leaving = Array.from({ length: 4_000 }, (_, index) => call(index + 1, controller.signal));
  const startedAtMs = performance.now();
  controller.abort(new Error('session over'));
  await Promise.allSettled(leaving);
  assert.ok(performance.now() - startedAtMs < 3_000);
  const served = Array.from({ length: 4_000 }, () => slots.run(async () => undefined, never));
  await end(0);
  await Promise.all(served);
  assert.equal(slots.used, 0);
});

test('whoever ends, fails or leaves when: never too many at a time, nobody forgotten', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.constantFrom('end', 'fail', 'leave'), { maxLength: 20 }),
      async (scheduler, limit, fates) => {
        const slots = new CallSlots(limit);
        let running = 0;
        const callers = fates.map((fate, index) => {
          const controller = new AbortController();
          if (fate === 'leave')
            void scheduler.schedule(Promise.resolve(), `leave ${index}`).then(() => controller.abort());
          return slots.run(async () => {
            running += 1;
            assert.ok(running <= limit);
            await scheduler.schedule(Promise.resolve(), `end ${index}`);
            running -= 1;
            if (fate === 'fail') throw new Error('fault');
          }, controller.signal);
        });
        const settled = Promise.allSettled(callers);
        await scheduler.waitIdle();
        await settled;
        assert.deepEqual([slots.used, slots.waiting, running], [0, 0, 0]);
      },
    ),
    { numRuns: 200 },
  );
});
