import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RateLimit } from '@astrolabe/service-kit';
import { fullBucket, takeEvents, toRetryAfterSeconds, type TokenBucket } from './token-bucket.ts';

interface Request {
  /** Since the request before. */
  readonly afterMs: number;
  readonly events: number;
}

const limits: fc.Arbitrary<RateLimit> = fc.record({
  eventsPerSecond: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 1_000_000 })),
  burst: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 100_000 })),
});

const requests: fc.Arbitrary<readonly Request[]> = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 100_000 })),
    events: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 2_500 })),
  }),
  { maxLength: 60 },
);

/** Each request with its time and what became of it. */
function run(limit: RateLimit, sent: readonly Request[], startMs = 1_700_000_000_000) {
  let bucket: TokenBucket = fullBucket(limit, startMs);
  let nowMs = startMs;
  return sent.map(({ afterMs, events }) => {
    nowMs += afterMs;
    const taking = takeEvents(bucket, events, limit, nowMs);
    bucket = taking.bucket;
    return { nowMs, events, taking };
  });
}

test('in any window, no more than the burst and what the rate brings is taken; a larger request counts as a burst of its own', () => {
  fc.assert(
    fc.property(limits, requests, (limit, sent) => {
      const taken = run(limit, sent).filter(({ taking }) => taking.kind === 'taken');
      for (const [from, { nowMs: startMs }] of taken.entries()) {
        let total = 0;
        let burst = limit.burst;
        for (const { nowMs, events } of taken.slice(from)) {
          total += events;
          burst = Math.max(burst, events);
          const broughtMilli = (nowMs - startMs) * limit.eventsPerSecond;
          assert.ok(total * 1_000 <= burst * 1_000 + broughtMilli, `${total} events in ${nowMs - startMs} ms`);
        }
      }
    }),
  );
});

test('it decides as a model that adds the tokens of each millisecond one by one', () => {
  const fewMs = fc.array(fc.record({ afterMs: fc.nat(30), events: fc.integer({ min: 1, max: 80 }) }), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(limits, fewMs, (limit, sent) => {
      let milliTokens = limit.burst * 1_000;
      const model = sent.map(({ afterMs, events }) => {
        for (let ms = 0; ms < afterMs; ms += 1) {
          milliTokens += limit.eventsPerSecond;
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

test('who is refused and waits as told is taken, and a millisecond sooner is too soon', () => {
  fc.assert(
    fc.property(limits, requests, (limit, sent) => {
      for (const { nowMs, events, taking } of run(limit, sent)) {
        if (taking.kind === 'taken') continue;
        const { bucket, waitMs } = taking;
        assert.ok(waitMs >= 1);
        assert.equal(takeEvents(bucket, events, limit, nowMs + waitMs).kind, 'taken');
        assert.equal(takeEvents(bucket, events, limit, nowMs + waitMs - 1).kind, 'refused');
        const retryAfterSeconds = toRetryAfterSeconds(waitMs);
        assert.ok(Number.isInteger(retryAfterSeconds) && retryAfterSeconds >= 1 && retryAfterSeconds <= 300);
        if (retryAfterSeconds < 300) {
          assert.equal(takeEvents(bucket, events, limit, nowMs + retryAfterSeconds * 1_000).kind, 'taken');
        }
      }
    }),
  );
});

test('a refusal takes nothing: without it everything else goes as it went', () => {
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
