import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KnownJob } from '../../jobs/core/job-table.ts';
import { judgeJobs } from './judge-jobs.ts';

const caller = { program: 'console', name: 'eva', role: 'replayer', from: '10.0.0.7' } as const;
const begun = { id: 'j1', action: 'redrive', caller, about: 'dead letters: all', begunAtMs: 0 };
const job = { kind: 'dismiss', parts: [], filter: {}, trusted: [], reason: undefined } as const;
const open: KnownJob = { begun, job, isCancelAsked: false, end: undefined };
const levels = (jobs: readonly KnownJob[], nowMs: number) =>
  judgeJobs(jobs, nowMs).map(({ level, about, remedy }) => [level, about, remedy]);

test('a job that was begun and is left behind is told, with what to do', () => {
  const ended: KnownJob = { ...open, end: { atMs: 1, result: { kind: 'done' } } };
  assert.deepEqual(levels([ended], 86_400_000), [['ok', 'jobs', undefined]]);
  assert.deepEqual(levels([ended, open], 60_000), [['ok', 'job j1', undefined]]);
  assert.deepEqual(levels([open], 86_400_000), [['warning', 'job j1', 'start the console, or cancel the job there']]);
  assert.deepEqual(levels([{ ...open, job: undefined }], 60_000), [
    ['warning', 'job j1', 'start a console of the newer version'],
  ]);
});
