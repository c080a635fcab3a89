import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  concurrencyLimit,
  initialConcurrency,
  isRoundOver,
  nextConcurrency,
  restartedConcurrency,
  type Concurrency,
  type ConcurrencyPolicy,
  type ConcurrencyRound,
} from './adaptive-concurrency.ts';

const policy: ConcurrencyPolicy = { floor: 4, initial: 16, ceiling: 256 };

/** Random numbers that a seed repeats (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Server {
  /** Calls that it works on at a time; others wait in line. */
  readonly capacity: (atMs: number) => number;
  /** Of one call, without waiting. */
  readonly serviceMs: (atMs: number, random: number) => number;
  /** Calls in line beyond which it answers 503 at once. */
  readonly maxLine?: number;
}

/**
 * An API and a client with more to call for than it may: the limit over time, and the calls answered in each second.
 */
function simulate(server: Server, seed: number, durationMs: number, used: ConcurrencyPolicy = policy) {
  const random = seeded(seed);
  let state: Concurrency = initialConcurrency(used, 0);
  const line: { startedMs: number }[] = [];
  const working: { startedMs: number; endsMs: number }[] = [];
  const limits: number[] = [];
  let inFlight = 0;
  let round = { sinceMs: 0, answers: 0, sumMs: 0, wasFull: false, pressure: 'none' as ConcurrencyRound['pressure'] };
  let answered = 0;
  const answeredBy: number[] = [];
  for (let nowMs = 0; nowMs < durationMs; nowMs += 1) {
    for (let index = working.length - 1; index >= 0; index -= 1) {
      const call = working[index];
      if (call === undefined || call.endsMs > nowMs) continue;
      working.splice(index, 1);
      inFlight -= 1;
      answered += 1;
      round.answers += 1;
      round.sumMs += nowMs - call.startedMs;
    }
    while (inFlight < concurrencyLimit(state, used)) {
      inFlight += 1;
      line.push({ startedMs: nowMs });
    }
    round.wasFull = true;
    if (server.maxLine !== undefined) {
      while (line.length > server.maxLine) {
        line.pop();
        inFlight -= 1;
        round.pressure = 'throttled';
      }
    }
    while (line.length > 0 && working.length < server.capacity(nowMs)) {
      const call = line.shift();
      if (call !== undefined) working.push({ ...call, endsMs: nowMs + server.serviceMs(nowMs, random()) });
    }
    const meanMs = round.answers === 0 ? 0 : round.sumMs / round.answers;
    if (isRoundOver(round.answers, meanMs, nowMs - round.sinceMs)) {
      state = nextConcurrency(state, { ...round, meanMs }, used, nowMs);
      round = { sinceMs: nowMs, answers: 0, sumMs: 0, wasFull: false, pressure: 'none' };
    }
    limits.push(state.limit);
    answeredBy.push(answered);
  }
  return { limits, answeredBy };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

for (const seed of [1, 2, 3, 4, 5]) {
  test(`the limit converges near the capacity of the API and keeps it busy (seed ${seed})`, () => {
    const capacity = [20, 40, 60, 100, 150][seed - 1] ?? 50;
    const serviceMs = (_atMs: number, random: number) => 40 + 20 * random;
    const { limits, answeredBy } = simulate({ capacity: () => capacity, serviceMs }, seed, 60_000);
    const limit = meanOf(limits.slice(20_000));
    assert.ok(limit > capacity * 0.9 && limit < capacity * 1.7, `limit ${limit} at a capacity of ${capacity}`);
    const perSecond = ((answeredBy.at(-1) ?? 0) - (answeredBy[20_000] ?? 0)) / 40;
    const possible = (capacity / 50) * 1_000;
    assert.ok(perSecond > possible * 0.93, `${perSecond} of ${possible} calls a second`);
  });

  test(`the limit follows an API whose capacity falls and rises again (seed ${seed})`, () => {
    const capacity = (atMs: number) => (atMs > 30_000 && atMs < 60_000 ? 15 : 100);
    const { limits } = simulate({ capacity, serviceMs: (_, random) => 45 + 10 * random }, seed, 110_000);
    const during = meanOf(limits.slice(50_000, 60_000));
    assert.ok(during < 40, `${during} while there is room for 15`);
    const after = meanOf(limits.slice(90_000));
    assert.ok(after > 80 && after < 190, `${after} when there is room for 100 again`);
  });
}

test('an API that is slow by nature, not by load, gets all that the ceiling allows, and gets it again after it has become slower', () => {
  for (const serviceMs of [20, 200, 1_000]) {
    const { limits } = simulate(
      { capacity: () => 100_000, serviceMs: (_, random) => serviceMs * (0.9 + 0.2 * random) },
      7,
      12_000,
    );
    const reachedAfterMs = limits.findIndex((limit) => limit >= 256);
    assert.ok(reachedAfterMs > 0 && reachedAfterMs <= 8 * serviceMs + 20, `${reachedAfterMs} ms at ${serviceMs} ms`);
    assert.ok(meanOf(limits.slice(reachedAfterMs)) > 245);
  }
  const slower = simulate(
    { capacity: () => 100_000, serviceMs: (atMs, random) => (atMs < 20_000 ? 50 : 150) + 10 * random },
    7,
    60_000,
  );
  assert.ok(meanOf(slower.limits.slice(50_000)) > 200, `${meanOf(slower.limits.slice(50_000))}`);
});

test('an API that answers 503 beyond its room is not pressed', () => {
  const { limits } = simulate({ capacity: () => 50, serviceMs: () => 50, maxLine: 5 }, 3, 30_000);
  const limit = meanOf(limits.slice(5_000));
  assert.ok(limit > 40 && limit < 60, `${limit}`);
});

const round: fc.Arbitrary<ConcurrencyRound> = fc.record({
  answers: fc.integer({ min: 1, max: 1_000 }),
  meanMs: fc.double({ min: 0.1, max: 10_000, noNaN: true }),
  wasFull: fc.boolean(),
  pressure: fc.constantFrom('none' as const, 'none' as const, 'throttled' as const, 'timeout' as const),
});

test('whatever is seen, the limit stays between floor and ceiling, grows only when it was used to the full, and never on trouble', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(round, fc.nat(5_000)), { maxLength: 100 }), (rounds) => {
      let state = initialConcurrency(policy, 0);
      let nowMs = 0;
      for (const [seen, elapsedMs] of rounds) {
        nowMs += elapsedMs;
        const next = nextConcurrency(state, seen, policy, nowMs);
        assert.ok(next.limit >= policy.floor && next.limit <= policy.ceiling);
        assert.ok(concurrencyLimit(next, policy) >= policy.floor);
        if (next.limit > state.limit) assert.ok(seen.wasFull && seen.pressure === 'none');
        if (seen.pressure !== 'none') assert.ok(next.limit < state.limit || next.limit === policy.floor);
        assert.ok(next.limit >= state.limit * 0.5 - 1e-9, 'one round takes half at most');
        state = next;
      }
    }),
  );
});

test('a connector that hangs is at its floor after a few timeouts, and from there starts quickly again', () => {
  let state: Concurrency = { ...initialConcurrency(policy, 0), limit: 256 };
  for (let count = 0; count < 6; count += 1) {
    state = nextConcurrency(state, { answers: 1, meanMs: 10_000, wasFull: true, pressure: 'timeout' }, policy, count);
  }
  assert.equal(state.limit, policy.floor);
  const restarted = restartedConcurrency(state, policy, 100);
  assert.deepEqual([restarted.limit, restarted.isSlowStart], [policy.floor, true]);
});
