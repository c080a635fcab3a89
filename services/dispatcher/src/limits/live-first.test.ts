/** Replays at the limits of a connector: which call is made next, never how long anything takes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLimiters, Item, success } from '../testing/limiters.ts';
import type { ConnectorLimiter } from './connector-limiter.ts';

const eight = { concurrency: { floor: 1, initial: 8, ceiling: 8 } };

test('a live item is called for before the replayed ones that came long before it', () => {
  const { calls, submit, replay, end } = createLimiters();
  replay('r1', 'r2', 'r3', 'r4');
  assert.deepEqual(calls, ['r1', 'r2']);
  submit('live');
  end(success);
  assert.deepEqual(calls, ['r1', 'r2', 'live']);
  end(success);
  assert.equal(calls.length, 3, 'room is kept for the next live one');
  end(success);
  assert.deepEqual(calls, ['r1', 'r2', 'live', 'r3']);
});

test('while live items come, replays leave half of the calls free, and otherwise they have all', async () => {
  const { calls, submit, replay, clock, limiter, end } = createLimiters({ policy: eight });
  submit('live');
  replay(...Array.from({ length: 20 }, (_, index) => `r${index}`));
  assert.equal(limiter.inFlight, 4, 'the live one is among them');
  for (const name of ['a', 'b', 'c', 'd']) submit(name);
  assert.deepEqual(calls.slice(4), ['a', 'b', 'c', 'd'], 'at once');
  await clock.advance(1_000);
  for (let count = 0; count < 4; count += 1) end(success);
  assert.equal(limiter.inFlight, 8);
  assert.ok(limiter.wayGivenMs(clock.monotonicMs()) > 0);
});

test('a connector that may make one call at a time replays between its live ones', () => {
  const one = { concurrency: { floor: 1, initial: 1, ceiling: 1 } };
  const { calls, submit, replay, end } = createLimiters({ policy: one });
  submit('a');
  replay('r1', 'r2');
  end(success);
  assert.deepEqual(calls, ['a', 'r1']);
  submit('b');
  end(success);
  end(success);
  assert.deepEqual(calls, ['a', 'r1', 'b', 'r2']);
});

test('replays do not wait while a live item waits for others to share its call, and do not join it', async () => {
  const bulk = { maxCommands: 3, maxBytes: 10_000, lingerMs: 5 };
  const { calls, submit, replay, clock } = createLimiters({ policy: { ...eight, bulk } });
  submit('live');
  replay('r1', 'r2', 'r3');
  assert.deepEqual(calls, ['r1+r2+r3']);
  await clock.advance(5);
  assert.deepEqual(calls, ['r1+r2+r3', 'live']);
});

test('where calls are limited by a rate, a live item is the first to get one, and replayed ones fill its call up', async () => {
  const bulk = { maxCommands: 3, maxBytes: 10_000, lingerMs: 5 };
  const { calls, submit, replay, clock, end } = createLimiters({ policy: { ...eight, bulk, callsPerSecond: 1 } });
  replay('r1', 'r2', 'r3', 'r4', 'r5');
  assert.deepEqual(calls, ['r1+r2+r3']);
  submit('live');
  await clock.advance(1_000);
  end(success);
  assert.deepEqual(calls, ['r1+r2+r3', 'live+r4+r5']);
});

test('of a rate that allows bursts, replays leave half of each burst to live items', async () => {
  // Four calls in 20 ms.
  const { calls, submit, replay, clock } = createLimiters({
    policy: { concurrency: { floor: 1, initial: 64, ceiling: 64 }, callsPerSecond: 200 },
  });
  submit('live');
  replay(...Array.from({ length: 20 }, (_, index) => `r${index}`));
  assert.deepEqual(calls, ['live', 'r0']);
  submit('a', 'b');
  assert.deepEqual(calls.slice(2), ['a', 'b'], 'at once');
  await clock.advance(1_000);
  assert.ok(calls.length > 4, 'they go on');
});

test('what waits of a replay gets no room in the bulkhead beyond the floor while a live call of any connector waits for it', () => {
  const { limiterOf, endOf, calls } = createLimiters({
    policy: { concurrency: { floor: 1, initial: 64, ceiling: 64 } },
    ceiling: 10,
  });
  const [busy, replaying] = [limiterOf('busy'), limiterOf('replaying')];
  for (let index = 0; index < 10; index += 1) busy.submit(new Item(`live${index}`));
  assert.equal(busy.inFlight, 5);
  for (let index = 0; index < 10; index += 1) replaying.submit(new Item(`r${index}`, 100, true));
  assert.equal(replaying.inFlight, 1, 'the floor');
  endOf(busy, success);
  assert.equal(calls.at(-1), 'live5');
});

test('connectors whose APIs hang do not stop the replays of others', () => {
  const { limiterOf, endOf } = createLimiters({
    policy: { concurrency: { floor: 2, initial: 64, ceiling: 64 } },
    ceiling: 10,
  });
  for (const id of ['a', 'b', 'c']) {
    const hanging = limiterOf(id);
    for (let index = 0; index < 50; index += 1) hanging.submit(new Item(`${id}${index}`));
  }
  const replaying = limiterOf('replaying');
  for (let index = 0; index < 10; index += 1) replaying.submit(new Item(`r${index}`, 100, true));
  for (let ended = 0; ended < 10; ended += 1) {
    assert.ok(replaying.inFlight > 0);
    endOf(replaying, success);
  }
  assert.equal(replaying.queued, 0);
});

type Step =
  | { readonly kind: 'submit'; readonly isReplayed: boolean; readonly count: number }
  | { readonly kind: 'end' | 'cancel' }
  | { readonly kind: 'pass'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('submit' as const),
      isReplayed: fc.boolean(),
      count: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 5, arbitrary: fc.constant<Step>({ kind: 'end' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'cancel' }) },
  { weight: 2, arbitrary: fc.constantFrom(1, 5, 20, 1_500).map((ms): Step => ({ kind: 'pass', ms })) },
);

test('in any order of arrivals and ends no replayed item is called for while a live one waits for more than company', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 10, maxLength: 80 }),
      fc.constantFrom(undefined, { maxCommands: 3, maxBytes: 10_000, lingerMs: 5 }),
      fc.constantFrom(undefined, 50, 500),
      fc.constantFrom(1, 2, 8),
      async (steps, bulk, callsPerSecond, ceiling) => {
        const live: Item[] = [];
        const served: string[] = [];
        let lastLiveMs = -Infinity;
        const check = (limiter: ConnectorLimiter<Item>, items: readonly Item[]): void => {
          for (const { name } of items) served.push(name);
          if (items.some(({ isReplayed }) => !isReplayed)) return;
          const waiting = live.filter(({ isWaiting }) => isWaiting);
          assert.ok(waiting.length < (bulk?.maxCommands ?? 1), `${waiting.length} live ones wait`);
          const isLiveLately = clock.monotonicMs() - lastLiveMs < 1_000;
          const most = isLiveLately ? Math.max(1, Math.floor(limiter.maxInFlight / 2)) : limiter.maxInFlight;
          assert.ok(limiter.inFlight <= most, `${limiter.inFlight} calls, for at most ${most}`);
        };
        const concurrency = { floor: 1, initial: ceiling, ceiling };
        const { limiter, clock, end } = createLimiters({
          policy: { bulk, callsPerSecond, concurrency },
          onCall: check,
        });
        const all: Item[] = [];
        const submit = (isReplayed: boolean): void => {
          const item = new Item(`${isReplayed ? 'r' : 'l'}${all.length}`, 100, isReplayed);
          all.push(item);
          if (!isReplayed) {
            live.push(item);
            lastLiveMs = clock.monotonicMs();
          }
          limiter.submit(item);
        };
        let cancelled = 0;
        for (const step of steps) {
          if (step.kind === 'submit') for (let index = 0; index < step.count; index += 1) submit(step.isReplayed);
          else if (step.kind === 'pass') await clock.advance(step.ms);
          else if (step.kind === 'end' && limiter.inFlight > 0) end(success);
          else if (step.kind === 'cancel') {
            const item = all.find(({ isWaiting }) => isWaiting);
            if (item === undefined) continue;
            item.isWaiting = false;
            cancelled += 1;
            limiter.cancelled(item);
          }
        }
        for (let round = 0; limiter.queued + limiter.inFlight > 0; round += 1) {
          assert.ok(round < 10_000, `${limiter.queued} are never served`);
          if (limiter.inFlight > 0) end(success);
          else await clock.advance(50);
        }
        assert.equal(new Set(served).size, served.length, 'each once');
        assert.equal(served.length + cancelled, all.length);
        for (const initial of ['l', 'r']) {
          const own = served.filter((name) => name.startsWith(initial)).map((name) => Number(name.slice(1)));
          assert.deepEqual(
            own,
            [...own].sort((a, b) => a - b),
            'in their order within a class',
          );
        }
      },
    ),
    { numRuns: 300 },
  );
});
