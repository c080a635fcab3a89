import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toDeadLetter, toHeaders, type ConsumedRecord } from '@astrolabe/records';
import { createInMemoryCluster, type InMemoryCluster } from '../testing/in-memory-cluster.ts';
import { createSteppingClock } from '../testing/stepping-clock.ts';
import { dismiss, previewDismissal } from './dismiss.ts';
import { exportDeadLetters } from './export.ts';
import { listDeadLetters } from './list.ts';
import { planDecision, readExport, type DecisionPlan, type DecisionRequest } from './plan-decision.ts';
import { previewRedrive, redrive, type RedriveOptions } from './redrive.ts';
import { showDeadLetter } from './show.ts';

const run = { clock: createSteppingClock(), signal: new AbortController().signal };
const codec = { decoder: undefined, encoder: undefined };
const quiet = () => undefined;

function source(cluster: InMemoryCluster, index: number, value: string): ConsumedRecord {
  return {
    topic: cluster.topics.segmentEvents.name,
    partition: 0,
    offset: BigInt(index),
    timestampMs: 0,
    key: Buffer.from(`["acme","user","u${index}"]`),
    value: Buffer.from(value),
    headers: toHeaders({ 'connector-id': 'acme', 'message-id': `m${index}` }),
  };
}

/** So many dead letters of events, which go back as they are. */
async function setUp(count: number) {
  const cluster = createInMemoryCluster();
  const deadLetters = Array.from({ length: count }, (_, index) => {
    const value = `{"type":"track","event":"E","userId":"u${index}","messageId":"m${index}"}`;
    const cause = { code: index % 2 === 0 ? 'event.unmappable' : 'event.invalid' } as const;
    return toDeadLetter(source(cluster, index, value), { ...cause, message: 'why', group: 'mapper', atMs: 1_000 });
  });
  await cluster.log.send(cluster.topics.segmentEventsDeadLetters.name, deadLetters);
  return cluster;
}

async function planned(cluster: InMemoryCluster, request: DecisionRequest): Promise<DecisionPlan> {
  const outcome = await planDecision(cluster, request, 0);
  return outcome.kind === 'plan' ? outcome.plan : assert.fail(outcome.kind);
}

const optionsOf = (cluster: InMemoryCluster, plan: DecisionPlan): RedriveOptions => {
  return { ...run, cluster, plan, codec, maxRedrives: 3, recordsPerSecond: undefined, onEvent: quiet };
};
const eventsOn = ({ log, topics }: InMemoryCluster) => log.records(topics.segmentEvents.name);

async function listed(cluster: InMemoryCluster) {
  const options = { ...run, cluster, request: {}, intervalMs: undefined, onProgress: quiet };
  const outcome = await listDeadLetters(options);
  return outcome.kind === 'listed' ? outcome : assert.fail(outcome.kind);
}

test('a redrive sends each dead letter of the selection back once, however often it is run', async () => {
  const cluster = await setUp(6);
  const plan = await planned(cluster, { code: 'event.unmappable' });
  const preview = await previewRedrive(optionsOf(cluster, plan));
  assert.deepEqual([preview.waiting, preview.report.counts.redriven], [3, 3]);
  assert.equal(eventsOn(cluster).length, 0, 'a preview writes nothing');

  const first = await redrive(optionsOf(cluster, plan));
  assert.ok(first.kind === 'redriven');
  assert.equal(first.report.counts.redriven, 3);
  const again = await redrive(optionsOf(cluster, await planned(cluster, { all: true })));
  assert.ok(again.kind === 'redriven');
  assert.deepEqual([again.report.counts.redriven, again.report.counts.alreadyRedriven], [3, 3]);
  assert.equal(eventsOn(cluster).length, 6);
  const { waiting, redriven, groups } = await listed(cluster);
  assert.deepEqual([waiting, redriven, groups.length], [0, 6, 2]);
});

test('a redrive that another one has taken over from says so; what it has not committed is neither sent nor marked', async () => {
  const cluster = await setUp(4);
  const plan = await planned(cluster, { all: true });
  const clock = createSteppingClock(async () => {
    await cluster.openTransactionalProducer('astrolabe.redrive');
  });
  const outcome = await redrive({ ...optionsOf(cluster, plan), clock, recordsPerSecond: 10 });
  assert.deepEqual(outcome, { kind: 'taken-over' });
  const sent = eventsOn(cluster).length;
  assert.ok(sent < 4);
  assert.equal((await listed(cluster)).redriven, sent);
});

test('a dismissed dead letter is not redriven, and is shown with its reason', async () => {
  const cluster = await setUp(3);
  const plan = await planned(cluster, { code: 'event.invalid' });
  const options = { ...run, cluster, plan, reason: 'test data', onProgress: quiet };
  assert.equal((await previewDismissal(options)).waiting, 1);
  const outcome = await dismiss(options);
  assert.ok(outcome.kind === 'dismissed');
  assert.equal(outcome.dismissed, 1);
  const redriven = await redrive(optionsOf(cluster, await planned(cluster, { all: true })));
  assert.ok(redriven.kind === 'redriven');
  assert.deepEqual([redriven.report.counts.redriven, redriven.report.counts.dismissed], [2, 1]);

  const topic = cluster.topics.segmentEventsDeadLetters.name;
  const all = cluster.log.records(topic);
  const { partition, offset } = all.find(({ headers }) => headers['dlq.code']?.toString() === 'event.invalid') ?? {};
  assert.ok(partition !== undefined && offset !== undefined);
  const position = { role: 'events', topic, partition, offset } as const;
  const shown = await showDeadLetter({ cluster, position, decoder: undefined, signal: run.signal });
  assert.ok(shown.kind === 'found');
  assert.deepEqual([shown.state, shown.mark?.reason, shown.content.kind], ['dismissed', 'test data', 'event']);
  const beyond = await showDeadLetter({
    cluster,
    position: { ...position, offset: 99n },
    decoder: undefined,
    signal: run.signal,
  });
  assert.equal(beyond.kind, 'not-found');
});

test('an export is edited and redriven; a line that is invalid is reported, and one that is deleted is left', async () => {
  const cluster = await setUp(3);
  const lines: string[] = [];
  const exported = await exportDeadLetters({
    ...run,
    cluster,
    request: {},
    withDecided: false,
    decoder: undefined,
    onStart: quiet,
    onLine: (line) => void lines.push(line),
    onProgress: quiet,
  });
  assert.deepEqual([exported, lines.length], [{ kind: 'exported', exported: 3 }, 3]);
  const [first = '', second = ''] = lines;
  const edit = `${first.replace('"event":"E"', '"event":"F"')}\n${second.replace('"userId":', '"user":')}\n`;
  const read = readExport(Buffer.from(edit));
  assert.ok(read.kind === 'dead-letters');
  const refused: string[] = [];
  const plan = await planned(cluster, { edited: read.deadLetters });
  const outcome = await redrive({
    ...optionsOf(cluster, plan),
    onEvent: (event) => {
      if (event.kind === 'refused') refused.push(event.refusal.reason);
    },
  });
  assert.ok(outcome.kind === 'redriven');
  const { counts, edited, selected } = outcome.report;
  assert.deepEqual([counts.redriven, counts.refused, edited, selected], [1, 1, 1, 2]);
  assert.match(refused.join(), /event\.invalid/);
  assert.match(eventsOn(cluster)[0]?.value?.toString() ?? '', /"event":"F"/);
});

test('a request that selects nothing, or something that does not exist, is refused', async () => {
  const cluster = await setUp(1);
  const kindOf = async (request: DecisionRequest) => (await planDecision(cluster, request, 0)).kind;
  assert.equal(await kindOf({}), 'nothing-selected');
  assert.equal(await kindOf({ topic: 'nothing' }), 'unknown-topic');
  const offsets = [{ partition: 0, firstOffset: 0n, lastOffset: undefined }];
  assert.equal(await kindOf({ offsets }), 'offsets-of-both-topics');
  assert.equal(await kindOf({ topic: 'events', offsets: [{ ...offsets[0]!, partition: 99 }] }), 'unknown-partition');
  assert.equal(await kindOf({ asTrusted: ['3'] }), 'invalid-position');
  assert.equal(await kindOf({ asTrusted: ['commands:0:0'] }), 'trusted-command');
  assert.equal(await kindOf({ asTrusted: ['events:0:0'], all: true }), 'trusted-with-filter');
  assert.equal(await kindOf({ asTrusted: ['events:0:0'], edited: [] }), 'trusted-not-exported');
  const line = { line: 1, position: 'other:0:0', topic: 'other', partition: 0, offset: 0n, value: undefined };
  assert.equal(await kindOf({ edited: [line] }), 'foreign-topic');
});

test('marks of dead letters that are gone with their topic do not hide those of the new one', async () => {
  const cluster = await setUp(2);
  await redrive(optionsOf(cluster, await planned(cluster, { all: true })));
  assert.equal((await listed(cluster)).waiting, 0);
  cluster.recreate(cluster.topics.segmentEventsDeadLetters.name);
  assert.equal((await listed(cluster)).waiting, 2);
});
