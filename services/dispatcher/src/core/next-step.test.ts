import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Verdict } from './classify-response.ts';
import { nextStep, type RetryPolicy } from './next-step.ts';

const policy: RetryPolicy = {
  baseMs: 200,
  maxMs: 1_000,
  budgetMs: 14_400_000,
  maxRetryAfterMs: 900_000,
};
const retry: Verdict = {
  kind: 'retry',
  reason: 'server-error',
  afterMs: undefined,
  message: 'status 503',
  status: 503,
};

test('an effect that has happened ends the command, and an answer that no repetition changes is its dead letter', () => {
  const history = { attempts: 1, budgetFromMs: 0 };
  assert.deepEqual(nextStep({ kind: 'delivered', duplicate: true }, history, policy, 0, 0), {
    kind: 'done',
    duplicate: true,
  });
  assert.deepEqual(nextStep({ kind: 'rejected', message: 'no', status: 400 }, history, policy, 0, 0), {
    kind: 'dead-letter',
    code: 'api.rejected',
    message: 'no',
    status: 400,
  });
});

test('pauses double from attempt to attempt up to their bound', () => {
  const pauses = [1, 2, 3, 4, 5].map((attempts) => nextStep(retry, { attempts, budgetFromMs: 0 }, policy, 0, 0.5));
  assert.deepEqual(
    pauses.map((step) => (step.kind === 'wait' ? step.delayMs : step)),
    [100, 200, 400, 500, 500],
  );
});

test('a command that was repeated for its whole budget is given up, and says for how long and why', () => {
  const step = nextStep(retry, { attempts: 77, budgetFromMs: 0 }, policy, 14_400_000, 0.5);
  assert.deepEqual(step, {
    kind: 'dead-letter',
    code: 'api.retries-exhausted',
    message: 'not delivered within 4 h, 77 attempts; last: status 503',
    status: 503,
  });
});

test('a Retry-After of a year is cut, or one answer would stop a key for good', () => {
  const year = { ...retry, afterMs: 365 * 86_400_000 };
  assert.deepEqual(nextStep(year, { attempts: 1, budgetFromMs: 0 }, policy, 0, 0), {
    kind: 'wait',
    delayMs: 900_000,
    reason: retry.reason,
  });
});
