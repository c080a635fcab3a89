/** `astrolabe replay commands` beside the running services: what it delivers, processes killed, and managing it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pipeline } from '@astrolabe/local-pipeline';
import { createKafkaAdmin } from '@astrolabe/kafka';
import { readCounters } from '../e2e/operator.ts';
import { startTestPipeline } from '../e2e/test-pipeline.ts';
import { untilDispatched } from '../e2e/until-drained.ts';
import {
  assertBalanced,
  MINUTE_MS,
  recordsOn,
  replay,
  sendEvents,
  startReplay,
  tracks,
  untilCommands,
  untilStatus,
  type ReplayReport,
  type ReplayStatus,
} from './replay-runs.ts';

/** Makes the dispatcher, which must not run, pass by what is on its topic. */
async function passBy({ kafka, topics, groups }: Pipeline): Promise<void> {
  const admin = await createKafkaAdmin(kafka);
  try {
    const ends = await admin.watermarks(topics.commands.name);
    await admin.setOffsets(
      groups.dispatcher,
      topics.commands.name,
      new Map(ends.map(({ partition, highWatermark }) => [partition, highWatermark])),
    );
  } finally {
    await admin.close();
  }
}

const none = {
  source: 'commands',
  phase: 'finished',
  replayedBefore: 0,
  filteredOut: 0,
  unreadable: 0,
  expired: 0,
  duplicate: 0,
  deadLettered: 0,
  cancelled: 0,
  pending: 0,
  unread: 0,
};

/** As many commands of events of this name on the topic, all of them delivered. */
async function deliverFirst(pipeline: Pipeline, name: string, count: number): Promise<void> {
  await sendEvents(pipeline, tracks(name, count));
  await untilCommands(pipeline, count);
  await untilDispatched(pipeline, MINUTE_MS);
}

test('a replay delivers what was not delivered and nothing else, and goes on where a killed dispatcher was', async (t) => {
  const pipeline = await startTestPipeline(t, 'replay', {});
  const { topics, services } = pipeline;
  const dispatcher = services.dispatcher[0];
  await deliverFirst(pipeline, 'First', 300);
  await dispatcher.stop();
  await sendEvents(pipeline, tracks('Second', 600));
  await untilCommands(pipeline, 900);
  await passBy(pipeline);
  await dispatcher.start();

  const dry = await replay(pipeline, 'commands', '--all', '--dry-run');
  assert.deepEqual(dry, {
    dryRun: true,
    read: 900,
    replayedBefore: 0,
    filteredOut: 0,
    unreadable: 0,
    matched: 900,
    skippedByLedger: 300,
    wouldBeSent: 600,
  });
  const whole = { ...none, read: 900, matched: 900 };
  assert.deepEqual(await replay(pipeline, 'commands', '--all', '--id', 'third', '--execute'), {
    ...whole,
    replayId: 'third',
    skippedByLedger: 300,
    delivered: 600,
  });
  // Again: everything is in the ledger. Nothing was added to the topic.
  assert.deepEqual(await replay(pipeline, 'commands', '--all', '--id', 'again', '--execute'), {
    ...whole,
    replayId: 'again',
    skippedByLedger: 900,
    delivered: 0,
  });
  assert.equal((await recordsOn(pipeline, topics.commands.name)).length, 900);

  const before = await readCounters(pipeline);
  const forced = startReplay(
    pipeline,
    'commands',
    '--all',
    '--force',
    '--yes',
    '--id',
    'killed',
    '--rate',
    '60',
    '--json',
  );
  for (const read of [100, 300, 500]) {
    await untilStatus(pipeline, 'killed', ({ report }) => report.read >= read);
    await dispatcher.kill();
    await dispatcher.start();
  }
  const { code, stdout, stderr } = await forced.ended;
  assert.equal(code, 0, stderr);
  const report = JSON.parse(stdout) as ReplayReport;
  assertBalanced(report);
  // A call whose answer was lost with the process is made again, and answered from the API's memory.
  assert.deepEqual([report.phase, report.matched, report.delivered + report.duplicate], ['finished', 900, 900]);
  const after = await readCounters(pipeline);
  assert.deepEqual([after.applied - before.applied, after.unchanged - before.unchanged], [0, 900]);

  const refused = await startReplay(pipeline, 'commands', '--id', 'killed', '--user', 'u1', '--yes').ended;
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /user was not given/);
  assert.deepEqual(
    await replay(pipeline, 'commands', '--id', 'killed', '--execute'),
    report,
    'nothing is started again',
  );
});

test('a replay goes on when the program that started it ends, however it ends', async (t) => {
  const pipeline = await startTestPipeline(t, 'replay-detach', {});
  await deliverFirst(pipeline, 'Detach', 300);
  const args = ['commands', '--all', '--force', '--yes', '--rate', '2', '--json'];
  const killed = startReplay(pipeline, ...args, '--id', 'killed');
  await untilStatus(pipeline, 'killed', ({ report }) => report.read > 0);
  killed.child.kill('SIGKILL');
  await killed.ended;
  const interrupted = startReplay(pipeline, ...args, '--id', 'interrupted');
  await untilStatus(pipeline, 'interrupted', ({ report }) => report.read > 0);
  interrupted.child.kill('SIGTERM');
  const { code, stdout, stderr } = await interrupted.ended;
  assert.equal(code, 130, stderr);
  assertBalanced(JSON.parse(stdout) as ReplayReport);
  assert.match(stderr, /To follow it again: astrolabe replay status interrupted --follow/);
  for (const id of ['killed', 'interrupted']) {
    await replay(pipeline, 'resume', id, '--rate', 'none');
    const report = await replay(pipeline, 'status', id, '--follow');
    assertBalanced(report);
    assert.deepEqual([report.phase, report.matched, report.delivered], ['finished', 300, 300]);
  }
});

test('a replay is paused, resumed and cancelled, and what was not started then is never delivered', async (t) => {
  const pipeline = await startTestPipeline(t, 'replay-control', {});
  await deliverFirst(pipeline, 'Control', 400);
  const start = async (id: string): Promise<void> => {
    const args = ['--all', '--force', '--yes', '--id', id, '--rate', '2', '--detach'];
    await replay(pipeline, 'commands', ...args);
    await untilStatus(pipeline, id, ({ report }) => report.read > 0);
  };
  const before = await readCounters(pipeline);
  await start('paused');
  const paused = await replay(pipeline, 'pause', 'paused');
  assertBalanced(paused);
  assert.equal(paused.phase, 'paused');

  await start('cancelled');
  const cancelled = await replay(pipeline, 'cancel', 'cancelled');
  assertBalanced(cancelled);
  assert.equal(cancelled.phase, 'cancelled');
  assert.ok(cancelled.unread > 0);
  const refused = await startReplay(pipeline, 'resume', 'cancelled').ended;
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /is cancelled/);

  await replay(pipeline, 'resume', 'paused', '--rate', 'none');
  const whole = await replay(pipeline, 'status', 'paused', '--follow');
  assertBalanced(whole);
  assert.deepEqual([whole.phase, whole.matched, whole.delivered], ['finished', 400, 400]);
  const executed = (await readCounters(pipeline)).unchanged - before.unchanged;
  assert.equal(executed, 400 + cancelled.delivered);
});

test('a replay without a service is said to wait, and goes on when the service comes', async (t) => {
  const pipeline = await startTestPipeline(t, 'replay-stall', {});
  const dispatcher = pipeline.services.dispatcher[0];
  await deliverFirst(pipeline, 'Stall', 200);
  await dispatcher.stop();
  const args = ['commands', '--all', '--force', '--yes', '--id', 'stalled', '--timeout', '2s', '--json'];
  const stalled = await startReplay(pipeline, ...args).ended;
  assert.equal(stalled.code, 1, stalled.stderr);
  const report = JSON.parse(stalled.stdout) as ReplayReport;
  assertBalanced(report);
  assert.deepEqual([report.phase, report.read, report.unread > 0], ['waiting', 0, true]);
  await dispatcher.start();
  const whole = await replay(pipeline, 'status', 'stalled', '--follow');
  assert.deepEqual([whole.phase, whole.matched, whole.delivered], ['finished', 200, 200]);
});

test('several replays of overlapping ranges at once are all worked, and each delivers its own once', async (t) => {
  const pipeline = await startTestPipeline(t, 'replay-two', {});
  await deliverFirst(pipeline, 'Two', 500);
  const before = await readCounters(pipeline);
  const commands = await recordsOn(pipeline, pipeline.topics.commands.name);
  const partition = commands[0]?.partition ?? assert.fail();
  const { length: ofOne } = commands.filter((record) => record.partition === partition);
  const forced = ['--force', '--yes', '--detach'];
  await replay(pipeline, 'commands', '--all', ...forced, '--id', 'commands', '--rate', '200');
  await replay(pipeline, 'events', '--all', ...forced, '--id', 'events', '--rate', '200');
  await replay(pipeline, 'events', '--all', '--execute', '--detach', '--id', 'known');
  await replay(pipeline, 'commands', '--offsets', `${partition}:0-`, ...forced, '--id', 'part');
  for (const [id, matched, delivered] of [
    ['commands', 500, 500],
    ['events', 500, 500],
    ['known', 500, 0],
    ['part', ofOne, ofOne],
  ] as const) {
    const report = await replay(pipeline, 'status', id, '--follow');
    assertBalanced(report);
    const { phase, skippedByLedger } = report;
    assert.deepEqual([id, phase, report.matched, report.delivered], [id, 'finished', matched, delivered]);
    assert.equal(skippedByLedger, matched - delivered, id);
  }
  const after = await readCounters(pipeline);
  assert.equal(after.unchanged - before.unchanged, 1_000 + ofOne);
  assert.deepEqual([after.applied - before.applied, after.keysReused - before.keysReused], [0, 0]);
  const listed = await startReplay(pipeline, 'list', '--json').ended;
  const phases = listed.stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as ReplayStatus).phase);
  assert.deepEqual(
    phases,
    Array.from({ length: 4 }, () => 'finished'),
  );
});
