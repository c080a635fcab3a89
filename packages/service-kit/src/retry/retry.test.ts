import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PipelineError } from '../errors/errors.ts';
import { createLogger } from '../logs/logger.ts';
import { createManualClock } from '../clock/manual-clock.ts';
import { pauseAfter, retryPolicies } from './policies.ts';
import { createRetrier } from './retrier.ts';
import { retry, type FailedAttempt } from './retry.ts';

const away = new PipelineError('kafka.unavailable', 'no broker answers', { retryable: true });
const refused = new PipelineError('kafka.request-refused', 'the log-in is wrong', { retryable: false });
const alone = { firstPauseMs: 100, longestPauseMs: 300, jitter: 'none' } as const;

function setUp(onAbort: 'abandon' | 'await' = 'abandon') {
  const clock = createManualClock();
  const stopping = new AbortController();
  const failed: FailedAttempt[] = [];
  const options = {
    policy: alone,
    signal: stopping.signal,
    onAbort,
    clock,
    random: () => 0.5,
    onFailure: (attempt: FailedAttempt) => void failed.push(attempt),
  };
  return { clock, stopping, failed, options };
}

test('an attempt is repeated after growing pauses until it succeeds', async () => {
  const { clock, failed, options } = setUp();
  let attempts = 0;
  const result = retry(() => ((attempts += 1) < 5 ? Promise.reject(away) : Promise.resolve(attempts)), options);
  while (attempts < 5) await clock.advanceToNextSleep();
  assert.equal(await result, 5);
  assert.deepEqual(
    failed.map(({ failures, pauseMs }) => [failures, pauseMs]),
    [
      [1, 100],
      [2, 200],
      [3, 300],
      [4, 300],
    ],
  );
});

test('what is not retryable ends it, and so does what the listener throws', async () => {
  const { failed, options } = setUp();
  await assert.rejects(
    retry(() => Promise.reject(refused), options),
    refused,
  );
  assert.deepEqual(failed, []);
  const enough = new Error('enough');
  const onFailure = (): never => {
    throw enough;
  };
  await assert.rejects(
    retry(() => Promise.reject(away), { ...options, onFailure }),
    enough,
  );
});

test('an abort ends a pause and an attempt that nobody waits for, and no other attempt begins', async () => {
  const { clock, stopping, options } = setUp();
  let attempts = 0;
  const pausing = retry(() => {
    attempts += 1;
    return Promise.reject(away);
  }, options);
  const hanging = retry(() => new Promise<never>(() => undefined), options);
  const reason = new Error('stopping');
  stopping.abort(reason);
  await assert.rejects(pausing, reason);
  await assert.rejects(hanging, reason);
  await clock.advance(10_000);
  assert.equal(attempts, 1);
  await assert.rejects(
    retry(() => Promise.resolve('late'), options),
    reason,
  );
});

test('an attempt that opens something is awaited when it is aborted, and its result returned', async () => {
  const { stopping, options } = setUp('await');
  const opening = Promise.withResolvers<string>();
  const result = retry(() => opening.promise, options);
  stopping.abort(new Error('stopping'));
  opening.resolve('open');
  assert.equal(await result, 'open');
});

test('pauses with jitter lie between nothing and a bound that doubles up to the longest', () => {
  const { dependency } = retryPolicies;
  assert.deepEqual(
    [1, 2, 3, 20].map((failures) => pauseAfter(dependency, failures, 0.999)),
    [199, 399, 799, 4_995],
  );
  assert.equal(pauseAfter(dependency, 3, 0), 0);
});

test('a retrier warns when a fault begins and when it changes, with what was being done', async () => {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  const logger = createLogger({ name: 'dispatcher', level: 'info', destination });
  const clock = createManualClock();
  const retrier = createRetrier({ clock, random: () => 0.5, logger });
  const faults = [away, away, new PipelineError('registry.unavailable', 'no registry', { retryable: true })];
  const { signal } = new AbortController();
  const done = retrier(
    'looking up a schema',
    () => {
      const fault = faults.shift();
      return fault === undefined ? Promise.resolve('schema') : Promise.reject(fault);
    },
    { policy: alone, signal, fields: { partition: 3 } },
  );
  for (let pause = 0; pause < 3; pause += 1) await clock.advanceToNextSleep();
  assert.equal(await done, 'schema');
  assert.deepEqual(
    lines.map(({ level, msg, attempt, partition }) => [level, msg, attempt, partition]),
    [
      ['warn', 'looking up a schema failed; retrying', 1, 3],
      ['warn', 'looking up a schema failed; retrying', 3, 3],
    ],
  );
});
