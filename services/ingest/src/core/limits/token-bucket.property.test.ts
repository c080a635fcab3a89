import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SharedBucket, toRetryAfterSeconds, type Rate, type Shares } from './token-bucket.ts';

interface Request {
  /** Since the request before. */
  readonly afterMs: number;
  readonly events: number;
}

const limits: fc.Arbitrary<Rate> = fc.record({
  perSecond: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 1_000_000 })),
  burst: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 100_000 })),
});

const requests: fc.Arbitrary<readonly Request[]> = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 100_000 })),
    events: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 2_500 })),
  }),
  { maxLength: 60 },
);

const ONE: Shares = new Map([['a', 1]]);
const START_MS = 1_700_000_000_000;

/** Each request with its time and what became of it. */
function run(limit: Rate, sent: readonly Request[], bucket = new SharedBucket(limit, ONE, START_MS)) {
  let nowMs = START_MS;
  return sent.map(({ afterMs, events }) => {
    nowMs += afterMs;
    return { nowMs, events, taking: bucket.take('a', events, nowMs) };
  });
}

test('no window takes more than the burst plus the rate; a larger request counts as a burst of its own', () => {
  fc.assert(
    fc.property(limits, requests, (limit, sent) => {
      const taken = run(limit, sent).filter(({ taking }) => taking.kind === 'taken');
      for (const [from, { nowMs: startMs }] of taken.entries()) {
        let total = 0;
        let burst = limit.burst;
        for (const { nowMs, events } of taken.slice(from)) {
          total += events;
          burst = Math.max(burst, events);
          const broughtMilli = (nowMs - startMs) * limit.perSecond;
          assert.ok(total * 1_000 <= burst * 1_000 + broughtMilli, `${total} events in ${nowMs - startMs} ms`);
        }
      }
    }),
  );
});

test("it decides like a model that adds each millisecond's tokens one by one", () => {
  const fewMs = fc.array(fc.record({ afterMs: fc.nat(30), events: fc.integer({ min: 1, max: 80 }) }), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(limits, fewMs, (limit, sent) => {
      let milliTokens = limit.burst * 1_000;
      const model = sent.map(({ afterMs, events }) => {
        for (let ms = 0; ms < afterMs; ms += 1) {
          milliTokens += limit.perSecond;
          if (milliTokens > limit.burst * 1_000) milliTokens = limit.burst * 1_000;
        }
        const isFull = milliTokens === limit.burst * 1_000;
        if (milliTokens < events * 1_000 && !isFull) return 'refused';
        milliTokens -= events * 1_000;
        return 'taken';
      });
      assert.deepEqual(
        run(limit, sent).map(({ taking }) => taking.kind),
        model,
      );
    }),
  );
});

test('a refused request is accepted after the wait it was told, and not a millisecond sooner', () => {
  fc.assert(
    fc.property(limits, requests, (limit, sent) => {
      for (const [index, { nowMs, events, taking }] of run(limit, sent).entries()) {
        if (taking.kind === 'taken') continue;
        const { waitMs } = taking;
        assert.ok(waitMs >= 1);
        /**
         * What becomes of the same request after another wait: from the beginning, since asking changes nothing but
         * time.
         */
        const after = (ms: number) => {
          const bucket = new SharedBucket(limit, ONE, START_MS);
          run(limit, sent.slice(0, index + 1), bucket);
          return bucket.take('a', events, nowMs + ms).kind;
        };
        assert.equal(after(waitMs), 'taken');
        assert.equal(after(waitMs - 1), 'refused');
        const retryAfterSeconds = toRetryAfterSeconds(waitMs);
        assert.ok(Number.isInteger(retryAfterSeconds) && retryAfterSeconds >= 1 && retryAfterSeconds <= 300);
        if (retryAfterSeconds < 300) assert.equal(after(retryAfterSeconds * 1_000), 'taken');
      }
    }),
  );
});

test('a refusal takes nothing: everything else is the same without it', () => {
  fc.assert(
    fc.property(limits, requests, (limit, sent) => {
      const outcome = run(limit, sent);
      let sinceMs = 0;
      const onlyTaken = sent.flatMap((request, index): Request[] => {
        sinceMs += request.afterMs;
        if (outcome[index]?.taking.kind !== 'taken') return [];
        const afterMs = sinceMs;
        sinceMs = 0;
        return [{ ...request, afterMs }];
      });
      assert.ok(run(limit, onlyTaken).every(({ taking }) => taking.kind === 'taken'));
    }),
  );
});

const names = ['server', 'web', 'app'] as const;
const SHARES: Shares = new Map([
  ['server', 0.5],
  ['web', 0.25],
  ['app', 0.25],
]);
const shared = fc.record({
  perSecond: fc.integer({ min: 1, max: 10_000 }),
  burst: fc.integer({ min: 40, max: 50_000 }),
});
const ofKeys = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 500 })),
    events: fc.integer({ min: 1, max: 5 }),
    name: fc.constantFrom(...names),
  }),
  { maxLength: 80 },
);

test('all keys together never take more in a window than the burst plus the rate', () => {
  fc.assert(
    fc.property(shared, ofKeys, (limit, sent) => {
      const bucket = new SharedBucket(limit, SHARES, START_MS);
      let nowMs = START_MS;
      let taken = 0;
      for (const { afterMs, events, name } of sent) {
        nowMs += afterMs;
        if (bucket.take(name, events, nowMs).kind === 'taken') taken += events;
        assert.ok(taken <= limit.burst + ((nowMs - START_MS) * limit.perSecond) / 1_000 + 1e-6);
      }
    }),
  );
});

test('whatever the others send, a key has its own part of the burst at once and then its own part of the rate', () => {
  fc.assert(
    fc.property(shared, ofKeys, fc.constantFrom(...names), (limit, sent, quiet) => {
      const share = SHARES.get(quiet) ?? 0;
      const bucket = new SharedBucket(limit, SHARES, START_MS);
      let nowMs = START_MS;
      const flood = (): void => {
        for (const name of names) if (name !== quiet) while (bucket.take(name, 5, nowMs).kind === 'taken');
      };
      let allowed = Math.floor((limit.burst / 2) * share);
      flood();
      for (; allowed > 0; allowed -= 1) assert.equal(bucket.take(quiet, 1, nowMs).kind, 'taken');
      // Less than one is left of its own.
      for (const { afterMs } of sent) {
        nowMs += afterMs + Math.ceil(1_000 / (limit.perSecond * share));
        flood();
        assert.equal(bucket.take(quiet, 1, nowMs).kind, 'taken');
      }
    }),
  );
});

test('a key alone has the whole rate, and the wait that it is told is long enough', () => {
  fc.assert(
    fc.property(shared, fc.constantFrom(...names), (limit, name) => {
      const bucket = new SharedBucket(limit, SHARES, START_MS);
      let nowMs = START_MS;
      let taken = 0;
      const untilMs = START_MS + 20_000;
      while (nowMs < untilMs) {
        const taking = bucket.take(name, 1, nowMs);
        if (taking.kind === 'taken') taken += 1;
        else {
          nowMs += taking.waitMs;
          assert.equal(bucket.take(name, 1, nowMs).kind, 'taken');
          taken += 1;
        }
        if (taken > 3_000) return;
      }
      // The millisecond that each wait is rounded up by may cost a token of a rate that brings one in each.
      assert.ok(taken >= Math.min(20 * limit.perSecond, 20_000 / 2));
    }),
    { numRuns: 30 },
  );
});

test('a charge is owed by that key alone, until its share of the rate has paid it', () => {
  fc.assert(
    fc.property(shared, fc.constantFrom(...names), fc.integer({ min: 1, max: 100_000 }), (limit, name, used) => {
      const bucket = new SharedBucket(limit, SHARES, START_MS);
      bucket.charge(name, used, START_MS);
      for (const other of names) if (other !== name) assert.equal(bucket.debtMs(other, START_MS), 0);
      const debtMs = bucket.debtMs(name, START_MS);
      const own = (limit.burst / 2) * (SHARES.get(name) ?? 0) + limit.burst / 2;
      assert.equal(debtMs > 0, used > own);
      assert.equal(bucket.debtMs(name, START_MS + debtMs), 0);
    }),
  );
});
