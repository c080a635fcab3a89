import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { createAuditor, type Auditor } from '../actions/auditor.ts';
import { openAuditLog } from '../audit/audit-log.ts';
import { readAuditPage } from '../audit/read-audit.ts';
import { dismiss } from '../dead-letters/dismiss.ts';
import { planDecision } from '../dead-letters/plan-decision.ts';
import { planJob, type JobRequest } from '../plans/plan-job.ts';
import type { InMemoryCluster } from '../testing/in-memory-cluster.ts';
import { clusterWithDeadLetters, createTurningClock, sentBack, startJobProcess } from '../testing/job-cluster.ts';
import type { JobPhase } from './core/job-phase.ts';
import type { StoredJob } from './core/stored-job.ts';
import type { JobRunner } from './job-runner.ts';

const { signal } = new AbortController();
const caller = { program: 'console', name: 'eva', role: 'replayer', from: '10.0.0.7' } as const;
const all = { decision: { all: true } } as const;
const slowRedrive: JobRequest = { ...all, kind: 'redrive', maxRedrives: 3, recordsPerSecond: 10 };
const redriveAll: JobRequest = { ...slowRedrive, recordsPerSecond: undefined };
const dismissAll: JobRequest = { ...all, kind: 'dismiss', reason: 'test data' };

async function setUp(t: TestContext, count: number) {
  const clock = createTurningClock();
  const cluster = await clusterWithDeadLetters(count, clock);
  const start = async (): Promise<JobRunner> => {
    const { runner } = await startJobProcess(cluster, clock);
    t.after(() => runner.close());
    return runner;
  };
  const log = await openAuditLog(cluster);
  const auditor: Auditor = createAuditor({ log, clock, newId: randomUUID, onEndLost: () => assert.fail() }, caller);
  const planned = async (request: JobRequest): Promise<StoredJob> => {
    const outcome = await planJob(cluster, request, { clock, signal });
    return outcome.kind === 'planned' ? outcome.planned.job : assert.fail(outcome.kind);
  };
  return { clock, cluster, start, auditor, planned };
}

const toSubmit = (id: string, job: StoredJob) => ({ id, action: job.kind, caller, about: 'dead letters: all', job });

async function until(isSo: () => boolean): Promise<void> {
  for (let turns = 0; !isSo(); turns += 1) {
    assert.ok(turns < 100_000, 'it never came about');
    await turn();
  }
}

const reached = (runner: JobRunner, id: string, phase: JobPhase) => until(() => runner.find(id)?.phase === phase);

async function endsIn(cluster: InMemoryCluster) {
  const page = await readAuditPage(cluster, { filter: {}, limit: 50, from: undefined }, signal);
  return page.kind === 'page' ? page.entries.map(({ action, end }) => [action, end?.result.kind]) : assert.fail();
}

test('a job redrives what was planned, and its record tells who asked for it and what came of it', async (t) => {
  const { cluster, start, planned } = await setUp(t, 40);
  const job = await planned(redriveAll);
  const runner = await start();
  const view = await runner.submit(toSubmit('j1', job));
  assert.deepEqual([view.id, view.caller.name], ['j1', 'eva']);
  await reached(runner, 'j1', 'done');
  assert.equal(new Set(sentBack(cluster)).size, 40);
  assert.equal(sentBack(cluster).length, 40);
  assert.deepEqual(runner.find('j1')?.end?.result.counts?.['redriven'], 40);
  assert.deepEqual(await endsIn(cluster), [['redrive', 'done']]);
  assert.deepEqual(
    runner.list().map(({ id }) => id),
    ['j1'],
  );
});

test('what is dead-lettered after the plan is not part of the job', async (t) => {
  const { cluster, start, planned } = await setUp(t, 4);
  const job = await planned(dismissAll);
  const { name } = cluster.topics.segmentEventsDeadLetters;
  const [later] = cluster.log.records(name);
  assert.ok(later);
  await cluster.log.send(name, [{ ...later }]);
  const runner = await start();
  await runner.submit(toSubmit('j1', job));
  await reached(runner, 'j1', 'done');
  assert.deepEqual(runner.find('j1')?.end?.result.counts, { dismissed: 4 });
});

test('jobs have their turns in the order of their begin', async (t) => {
  const { cluster, start, planned } = await setUp(t, 12);
  const [first, second] = [await planned(slowRedrive), await planned(dismissAll)];
  const runner = await start();
  await runner.submit(toSubmit('j1', first));
  await runner.submit(toSubmit('j2', second));
  await reached(runner, 'j2', 'done');
  assert.equal(sentBack(cluster).length, 12);
  assert.deepEqual(runner.find('j2')?.end?.result.counts, { dismissed: 0 });
  assert.deepEqual(
    runner.list().map(({ id, phase }) => [id, phase]),
    [
      ['j2', 'done'],
      ['j1', 'done'],
    ],
  );
});

test('a job that is cancelled ends with what it has sent until then, and nothing is sent after it', async (t) => {
  const { cluster, start, auditor, planned } = await setUp(t, 60);
  const runner = await start();
  await runner.submit(toSubmit('j1', await planned(slowRedrive)));
  await until(() => sentBack(cluster).length > 0);
  assert.deepEqual(await runner.cancel(auditor, 'j1'), { kind: 'asked' });
  await reached(runner, 'j1', 'cancelled');
  const sent = sentBack(cluster).length;
  assert.ok(sent < 60);
  assert.equal(runner.find('j1')?.end?.result.counts?.['redriven'], sent);
  assert.deepEqual(await runner.cancel(auditor, 'j1'), { kind: 'over', phase: 'cancelled' });
  assert.deepEqual(await runner.cancel(auditor, 'nothing'), { kind: 'unknown' });
  assert.deepEqual(await endsIn(cluster), [
    ['redrive', 'cancelled'],
    ['cancel-job', 'done'],
  ]);
});

test('a cancellation is obeyed by a process that did not hear of it itself', async (t) => {
  const { cluster, start, auditor, planned } = await setUp(t, 60);
  const runner = await start();
  await runner.submit(toSubmit('j1', await planned(slowRedrive)));
  await until(() => sentBack(cluster).length > 0);
  const other = await start();
  assert.deepEqual(await other.cancel(auditor, 'j1'), { kind: 'asked' });
  await reached(runner, 'j1', 'cancelled');
  await reached(other, 'j1', 'cancelled');
  assert.ok(sentBack(cluster).length < 60);
});

test('a job gives way to a decision of another program, and goes on when that has ended', async (t) => {
  const { clock, cluster, start, planned } = await setUp(t, 60);
  const runner = await start();
  await runner.submit(toSubmit('j1', await planned(slowRedrive)));
  await until(() => sentBack(cluster).length > 0);
  const found = await planDecision(cluster, { topic: 'events', offsets: [range(5, 6n)] }, clock.nowMs());
  assert.ok(found.kind === 'plan');
  const options = { cluster, plan: found.plan, reason: undefined, clock, signal, onProgress: () => undefined };
  const { kind } = await dismiss(options);
  assert.equal(kind, 'dismissed');
  await reached(runner, 'j1', 'done');
  const { redriven = 0, dismissed = 0 } = runner.find('j1')?.end?.result.counts ?? {};
  assert.equal(redriven + dismissed, 60);
  assert.equal(sentBack(cluster).length, redriven);
});

test('a job whose dead letters are gone with their topic fails and says so', async (t) => {
  const { cluster, start, planned } = await setUp(t, 5);
  const job = await planned(redriveAll);
  cluster.recreate(cluster.topics.segmentEventsDeadLetters.name);
  const runner = await start();
  await runner.submit(toSubmit('j1', job));
  await reached(runner, 'j1', 'failed');
  assert.match(runner.find('j1')?.end?.result.message ?? '', /events\.dlq\.v1 was deleted and created again/);
  assert.deepEqual(sentBack(cluster), []);
});

test('a job that cannot be recorded is not begun', async (t) => {
  const { cluster, start, planned } = await setUp(t, 5);
  const job = await planned(redriveAll);
  const runner = await start();
  cluster.log.failWith(new PipelineError('kafka.unavailable', 'no broker answers', { retryable: true }));
  await assert.rejects(runner.submit(toSubmit('j1', job)), /Nothing was done, because it could not be recorded first/);
  cluster.log.failWith(undefined);
  assert.deepEqual([runner.find('j1'), sentBack(cluster)], [undefined, []]);
});

test('a job outlasts an outage of the brokers', async (t) => {
  const { cluster, start, planned } = await setUp(t, 30);
  const runner = await start();
  await runner.submit(toSubmit('j1', await planned(slowRedrive)));
  await until(() => sentBack(cluster).length > 0);
  cluster.log.failWith(new PipelineError('kafka.unavailable', 'no broker answers', { retryable: true }));
  await until(() => runner.find('j1')?.reason !== undefined);
  assert.match(runner.find('j1')?.reason ?? '', /it is tried again, because: no broker answers/);
  cluster.log.failWith(undefined);
  await reached(runner, 'j1', 'done');
  assert.deepEqual([sentBack(cluster).length, new Set(sentBack(cluster)).size], [30, 30]);
});

const range = (partition: number, lastOffset: bigint) => ({ partition, firstOffset: 0n, lastOffset });
