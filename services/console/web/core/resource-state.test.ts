import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterAnswer, toProblem, UNREACHABLE, type ResourceState } from './resource-state.ts';

const loading: ResourceState<number> = { kind: 'loading' };
const ready: ResourceState<number> = { kind: 'ready', value: 1, readAtMs: 10, problem: undefined };
const failure = { kind: 'problem', problem: UNREACHABLE } as const;

test('a value that was read is kept when reading it again fails, and the failure is told', () => {
  assert.deepEqual(afterAnswer(loading, failure, 20), { kind: 'failed', problem: UNREACHABLE });
  assert.deepEqual(afterAnswer(ready, failure, 20), { ...ready, problem: UNREACHABLE });
  assert.deepEqual(afterAnswer({ ...ready, problem: UNREACHABLE }, { kind: 'answer', body: 2 }, 30), {
    kind: 'ready',
    value: 2,
    readAtMs: 30,
    problem: undefined,
  });
});

test('an answer of the console is told in its own words, and any other by what it means', () => {
  const own = { code: 'kafka.unavailable', detail: 'No broker answered.', requestId: 'r1', status: 503 };
  assert.deepEqual(toProblem(503, own), { ...own });
  assert.match(toProblem(502, undefined).detail, /^The proxy in front/);
  assert.match(toProblem(418, '<html>').detail, /^The answer was 418/);
  assert.match(toProblem(500, { detail: '' }).detail, /^The answer was 500/);
});
