import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadinessConditions } from './readiness.ts';

test('what a process waits for is a reason until it is there, without the password of a URL', async () => {
  const readiness = new ReadinessConditions();
  const failing = (): Promise<string> =>
    Promise.reject(new Error('http://pipeline:hunter2@registry:8081/ does not answer'));
  let told: readonly string[] = [];
  const waiting = readiness.whileWaiting('the registry', failing, async (attempt) => {
    await assert.rejects(attempt(new AbortController().signal));
    told = readiness.reasons();
    return 'there';
  });
  assert.equal(await waiting, 'there');
  assert.deepEqual(told, ['waiting for the registry: http://[redacted]@registry:8081/ does not answer']);
  assert.ok(!readiness.reasons().some((reason) => reason.includes('registry')));
});
