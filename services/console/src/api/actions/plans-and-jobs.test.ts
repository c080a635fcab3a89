import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sentBack } from '@astrolabe/operations/testing';
import type { JobAnswer, PlanAnswer } from './shapes.ts';
import { openTestActions, untilSo, type TestActions } from './testing/open-test-actions.ts';

const plan = async (actions: TestActions, kind: string, body: object = { all: true }) =>
  (await actions.ask('POST', `/plans/${kind}`, body)) as PlanAnswer;
const jobOf = async (actions: TestActions, id: string) => (await actions.ask('GET', `/jobs/${id}`)) as JobAnswer;
const untilDone = (actions: TestActions, id: string) =>
  untilSo(async () => (await jobOf(actions, id)).state === 'done');

test('a plan counts what would be sent, changes nothing, and is carried out once', async (t) => {
  const actions = await openTestActions(t, { deadLetters: 30 });
  const planned = await plan(actions, 'redrive', { connector: 'acme', topic: 'events' });
  assert.deepEqual([planned.kind, planned.counts['redriven'], planned.counts['waiting']], ['redrive', 30, 30]);
  assert.deepEqual([planned.confirmation, planned.about], [undefined, 'dead letters: topic events, connector acme']);
  assert.deepEqual(sentBack(actions.cluster), []);

  const execute = () => actions.ask('POST', `/plans/${planned.planId}/execute`) as Promise<JobAnswer>;
  // A double click.
  const [first, second] = await Promise.all([execute(), execute()]);
  assert.deepEqual([first.id, first.who, first.from], [second.id, 'ann', '10.0.0.7']);
  await untilDone(actions, first.id);
  assert.equal(sentBack(actions.cluster).length, 30);
  assert.equal((await jobOf(actions, first.id)).counts?.['redriven'], 30);
  const { jobs } = (await actions.ask('GET', '/jobs')) as { jobs: JobAnswer[] };
  assert.equal(jobs.length, 1);
  assert.deepEqual(
    actions.knownJobs()?.map(({ phase }) => phase),
    ['done'],
  );
  const over = await actions.refused('POST', `/jobs/${first.id}/cancel`);
  assert.deepEqual([over.status, over.code], [409, 'console.job-over']);
});

test('above a hundred the count has to be given to carry a plan out', async (t) => {
  const actions = await openTestActions(t, { deadLetters: 120 });
  const { planId, confirmation } = await plan(actions, 'dismiss', { all: true, reason: 'test data' });
  assert.equal(confirmation, '120');
  const refused = await actions.refused('POST', `/plans/${planId}/execute`, { confirmation: '12' });
  assert.deepEqual([refused.status, refused.code], [422, 'console.confirmation-missing']);
  const job = (await actions.ask('POST', `/plans/${planId}/execute`, { confirmation: '120' })) as JobAnswer;
  await untilDone(actions, job.id);
  assert.equal((await jobOf(actions, job.id)).counts?.['dismissed'], 120);
});

test('a plan that is too old, unknown after a restart, or no longer fits is refused with the reason', async (t) => {
  const actions = await openTestActions(t, { deadLetters: 6 });
  const old = await plan(actions, 'redrive');
  await actions.clock.sleep(16 * 60_000);
  const expired = await actions.refused('POST', `/plans/${old.planId}/execute`);
  assert.deepEqual([expired.status, expired.code], [410, 'console.plan-gone']);
  assert.match(expired.message, /the plan expired at \S+Z/);

  const stale = await plan(actions, 'redrive');
  const other = await plan(actions, 'dismiss', { topic: 'events', offsets: '0:0' });
  const job = (await actions.ask('POST', `/plans/${other.planId}/execute`)) as JobAnswer;
  await untilDone(actions, job.id);
  const changed = await actions.refused('POST', `/plans/${stale.planId}/execute`);
  assert.deepEqual([changed.status, changed.code], [409, 'console.plan-changed']);
  assert.match(changed.message, /5 of the dead letters wait, and 6 did when they were counted/);

  const lost = await plan(actions, 'redrive');
  await actions.restart();
  const gone = await actions.refused('POST', `/plans/${lost.planId}/execute`);
  assert.deepEqual([gone.status, gone.code], [410, 'console.plan-gone']);
  assert.match(gone.message, /it was restarted since, or another one made it/);
  assert.deepEqual(sentBack(actions.cluster), []);
});

test('a job survives the console: another one carries it on', async (t) => {
  const actions = await openTestActions(t, { deadLetters: 40 });
  const { planId } = await plan(actions, 'redrive', { all: true, recordsPerSecond: 10 });
  const { id } = (await actions.ask('POST', `/plans/${planId}/execute`)) as JobAnswer;
  await untilSo(async () => sentBack(actions.cluster).length > 0);
  await actions.restart();
  await untilDone(actions, id);
  assert.deepEqual([sentBack(actions.cluster).length, new Set(sentBack(actions.cluster)).size], [40, 40]);
  assert.equal((await jobOf(actions, id)).counts?.['redriven'], 40);
});

test('a job is cancelled, and says what it has sent', async (t) => {
  const actions = await openTestActions(t, { deadLetters: 90 });
  const { planId } = await plan(actions, 'redrive', { all: true, recordsPerSecond: 10 });
  const { id } = (await actions.ask('POST', `/plans/${planId}/execute`)) as JobAnswer;
  await untilSo(async () => sentBack(actions.cluster).length > 0);
  assert.equal(((await actions.ask('POST', `/jobs/${id}/cancel`)) as JobAnswer).state, 'cancelling');
  await untilSo(async () => (await jobOf(actions, id)).state === 'cancelled');
  assert.equal((await jobOf(actions, id)).counts?.['redriven'], sentBack(actions.cluster).length);
  const unknown = await actions.refused('POST', '/jobs/nothing/cancel');
  assert.deepEqual([unknown.status, unknown.code], [404, 'console.job-unknown']);
});

test('what a switched-off action plans is not carried out, and a selection of nothing is refused', async (t) => {
  const policy = { readOnly: false, disabledActions: new Set(['dismiss'] as const) };
  const actions = await openTestActions(t, { deadLetters: 2, policy });
  const { planId } = await plan(actions, 'dismiss');
  assert.equal((await actions.refused('POST', `/plans/${planId}/execute`)).code, 'console.action-off');
  for (const body of [{}, { topic: 'nothing' }, { offsets: '0:0' }, { topic: 'events', offsets: '0-5' }]) {
    const refused = await actions.refused('POST', '/plans/redrive', body);
    assert.deepEqual([refused.status, refused.code], [422, 'console.selection-refused'], JSON.stringify(body));
  }
});

test('a replay is planned, started and controlled; one that is forced needs its id typed', async (t) => {
  const actions = await openTestActions(t);
  const { cluster } = actions;
  const nothing = await actions.refused('POST', '/plans/replay', { source: 'commands', range: { kind: 'all' } });
  assert.match(nothing.message, /has no records in this range/);
  const record = { key: null, value: Buffer.from('{}'), headers: {}, partition: 0 };
  await cluster.log.send(cluster.topics.commands.name, [record, record, record]);
  const planned = await plan(actions, 'replay', { source: 'commands', range: { kind: 'all' }, force: true });
  assert.deepEqual([planned.counts['matched'], typeof planned.confirmation], [3, 'string']);
  const { planId, confirmation = '' } = planned;
  assert.equal((await actions.refused('POST', `/plans/${planId}/execute`)).code, 'console.confirmation-missing');
  const { id } = (await actions.ask('POST', `/plans/${planId}/execute`, { confirmation })) as JobAnswer;
  assert.equal(id, confirmation);
  assert.equal((await jobOf(actions, id)).action, 'start-replay');
  const control = (verb: string, body: object = {}) => actions.ask('POST', `/replays/${id}/${verb}`, body);
  assert.deepEqual(await control('pause'), { replayId: id, outcome: 'changed' });
  assert.deepEqual(await control('resume', { recordsPerSecond: 5 }), { replayId: id, outcome: 'changed' });
  assert.deepEqual(await control('cancel'), { replayId: id, outcome: 'changed' });
  const refused = await actions.refused('POST', `/replays/${id}/resume`);
  assert.deepEqual([refused.status, refused.code], [409, 'console.replay-refused']);
  const unknown = await actions.refused('POST', '/replays/nothing/pause');
  assert.deepEqual([unknown.status, unknown.code], [404, 'console.replay-unknown']);
});
