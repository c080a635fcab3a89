import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { retryReasons, type Verdict } from './classify-response.ts';
import { nextStep, type RetryPolicy } from './next-step.ts';

const policy: fc.Arbitrary<RetryPolicy> = fc.record({
  baseMs: fc.integer({ min: 1, max: 60_000 }),
  maxMs: fc.integer({ min: 1, max: 3_600_000 }),
  budgetMs: fc.integer({ min: 0, max: 7 * 86_400_000 }),
  maxRetryAfterMs: fc.integer({ min: 0, max: 3_600_000 }),
});
const retry: fc.Arbitrary<Extract<Verdict, { kind: 'retry' }>> = fc.record({
  kind: fc.constant('retry' as const),
  reason: fc.constantFrom(...retryReasons),
  afterMs: fc.option(fc.nat(10 ** 15), { nil: undefined }),
  message: fc.string(),
  status: fc.option(fc.integer({ min: 400, max: 599 }), { nil: undefined }),
});
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const attempts = fc.integer({ min: 1, max: 100_000 });
const elapsed = fc.nat(10 * 86_400_000);

test('a pause is at least what the API asked for and at most that and our own bound, and never reaches beyond the budget', () => {
  fc.assert(
    fc.property(retry, policy, attempts, elapsed, random, (verdict, policy, attempts, elapsedMs, random) => {
      const nowMs = 1_700_000_000_000;
      const step = nextStep(verdict, { attempts, budgetFromMs: nowMs - elapsedMs }, policy, nowMs, random);
      const askedMs = Math.min(verdict.afterMs ?? 0, policy.maxRetryAfterMs);
      if (step.kind === 'wait') {
        assert.ok(Number.isSafeInteger(step.delayMs));
        assert.ok(step.delayMs >= askedMs && step.delayMs <= askedMs + policy.maxMs);
        assert.ok(elapsedMs + step.delayMs <= policy.budgetMs);
      } else {
        assert.ok(step.kind === 'dead-letter' && step.code === 'api.retries-exhausted');
        assert.ok(elapsedMs + askedMs + policy.maxMs > policy.budgetMs, 'given up before its time');
        assert.equal(step.status, verdict.status);
      }
    }),
  );
});

test('a refused credential is waited for, however long it takes', () => {
  const halt = { kind: 'halt' as const, message: 'm', status: 401 };
  fc.assert(
    fc.property(policy, attempts, fc.nat(10 ** 12), random, (policy, attempts, elapsedMs, random) => {
      const step = nextStep(halt, { attempts, budgetFromMs: 0 }, policy, elapsedMs, random);
      assert.deepEqual(step, { kind: 'halt' });
    }),
  );
});
