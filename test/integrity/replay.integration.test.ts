/**
 * `astrolabe replay commands` beside the running services: what it delivers, killed, doubled, stalled and interrupted.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pipeline } from '@astrolabe/local-pipeline';
import { createKafkaAdmin } from '@astrolabe/kafka';
import { seededRandom } from '@astrolabe/service-kit';
import { eventually } from '@astrolabe/testkit';
import { startTestPipeline } from '../e2e/test-pipeline.ts';
import { untilDispatched } from '../e2e/until-drained.ts';
import {
  argumentsOf,
  assertBalanced,
  copiesBySource,
  MINUTE_MS,
  recordsOn,
  replay,
  sendEvents,
  startReplay,
  tracks,
  untilCommands,
  type ReplayReport,
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

test('a replay delivers what was not delivered and nothing else, and a killed one goes on where it was', async (t) => {
  const pipeline = await startTestPipeline(t, 'replay', {});
  const { topics, services } = pipeline;
  const dispatcher = services.dispatcher[0];
  await sendEvents(pipeline, tracks('First', 300));
  await untilCommands(pipeline, 300);
  await untilDispatched(pipeline, MINUTE_MS);
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
    unsendable: 0,
    matched: 900,
    skippedByLedger: 300,
    wouldBeSent: 600,
  });

  const none = { replayedBefore: 0, filteredOut: 0, unsendable: 0, duplicate: 0, deadLettered: 0, pending: 0 };
  const ids = { replayId: 'third', ...none };
  assert.deepEqual(await replay(pipeline, 'commands', '--all', '--id', 'third', '--rate', '2000', '--execute'), {
    ...ids,
    read: 900,
    matched: 900,
    skippedByLedger: 300,
    delivered: 600,
  });
  assert.equal((await recordsOn(pipeline, topics.commands.name)).length, 1_500);

  // Again: everything is in the ledger, and the copies are left out.
  assert.deepEqual(await replay(pipeline, 'commands', '--all', '--id', 'again', '--execute'), {
    ...ids,
    replayId: 'again',
    read: 1_500,
    replayedBefore: 600,
    matched: 900,
    skippedByLedger: 900,
    delivered: 0,
  });

  // Killed at random; each record is sent once all the same, and forced ones are delivered once.
  const random = seededRandom(7);
  const args = ['commands', '--all', '--force', '--yes', '--id', 'killed', '--rate', '300'];
  let kills = 0;
  while (kills < 4) {
    const { child, ended } = startReplay(pipeline, ...args, '--json');
    const timer = setTimeout(() => child.kill('SIGKILL'), 900 + random() * 900);
    const { code } = await ended;
    clearTimeout(timer);
    if (code !== null) break;
    kills += 1;
  }
  assert.ok(kills > 0, 'it was killed before it was done');
  const forced = await replay(pipeline, ...args);
  assert.deepEqual(forced, {
    ...ids,
    replayId: 'killed',
    read: 1_500,
    replayedBefore: 600,
    matched: 900,
    skippedByLedger: 0,
    delivered: 900,
  });
  const copies = copiesBySource(await recordsOn(pipeline, topics.commands.name), 'killed');
  assert.deepEqual([copies.size, Math.max(...copies.values())], [900, 1]);

  const refused = await startReplay(pipeline, 'commands', '--id', 'killed', '--user', 'u1', '--yes').ended;
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /user was not given/);
});

/** Resolves when a replay has sent so many. */
async function untilCopies({ topics, ...pipeline }: Pipeline, replayId: string, count: number): Promise<void> {
  await eventually(
    async () => copiesBySource(await recordsOn({ topics, ...pipeline }, topics.commands.name), replayId).size >= count,
    { timeoutMs: MINUTE_MS, describe: `${count} copies of ${replayId}`, intervalMs: 200 },
  );
}

test('of two runs of one replay the later takes over, and together they send and deliver each command once', async (t) => {
  const pipeline = await startTestPipeline(t, 'replay-twice', {});
  await sendEvents(pipeline, tracks('Twice', 300));
  await untilCommands(pipeline, 300);
  await untilDispatched(pipeline, MINUTE_MS);
  const args = ['commands', '--all', '--force', '--yes', '--id', 'twice', '--json'];
  const earlier = startReplay(pipeline, ...args, '--rate', '10');
  await untilCopies(pipeline, 'twice', 20);
  const later = startReplay(pipeline, ...args, '--rate', '500');
  const [first, second] = await Promise.all([earlier.ended, later.ended]);
  assert.equal(first.code, 1, first.stdout);
  assert.match(first.stderr, /Another run of replay twice has started and taken over/);
  assert.equal(second.code, 0, second.stderr);
  const report = JSON.parse(second.stdout) as ReplayReport;
  assertBalanced(report);
  assert.deepEqual([report.matched, report.delivered, report.pending], [300, 300, 0]);
  const copies = copiesBySource(await recordsOn(pipeline, pipeline.topics.commands.name), 'twice');
  assert.deepEqual([copies.size, Math.max(...copies.values())], [300, 1]);
});

test('a replay that stalls, or is interrupted, ends with a report that balances, and another run goes on to the end', async (t) => {
  const pipeline = await startTestPipeline(t, 'replay-stall', {});
  const dispatcher = pipeline.services.dispatcher[0];
  await sendEvents(pipeline, tracks('Stall', 200));
  await untilCommands(pipeline, 200);
  await untilDispatched(pipeline, MINUTE_MS);
  await dispatcher.stop();
  const args = ['commands', '--all', '--force', '--yes', '--id', 'stalled', '--rate', '400'];
  const impatient = [...args, '--max-outstanding', '60', '--timeout', '2s'];
  const stalled = await startReplay(pipeline, ...impatient, '--json').ended;
  assert.equal(stalled.code, 1, stalled.stderr);
  const report = JSON.parse(stalled.stdout) as ReplayReport;
  assertBalanced(report);
  assert.deepEqual([report.delivered, report.pending], [0, report.matched]);
  assert.ok(report.pending > 0 && report.pending <= 60, stalled.stdout);
  assert.match(report.stopped?.reason ?? '', /no service is making progress/);
  const resume = 'astrolabe replay commands --id stalled --rate 400 --max-outstanding 60 --timeout 2000ms --yes';
  assert.equal(report.stopped?.resume, resume);

  const inWords = await startReplay(pipeline, ...impatient).ended;
  assert.equal(inWords.code, 1, inWords.stderr);
  assert.match(inWords.stdout, /Stopped early: \d+ pending and no service is making progress/);
  assert.ok(inWords.stdout.includes(`To resume: ${resume}`), inWords.stdout);

  await dispatcher.start();
  const slow = startReplay(pipeline, ...args.slice(0, -1), '20', '--json');
  await untilCopies(pipeline, 'stalled', 100);
  slow.child.kill('SIGTERM');
  const interrupted = await slow.ended;
  assert.equal(interrupted.code, 130, interrupted.stderr);
  const untilThen = JSON.parse(interrupted.stdout) as ReplayReport;
  assertBalanced(untilThen);
  assert.ok(untilThen.matched >= 100 && untilThen.matched < 200, interrupted.stdout);

  // As it is printed.
  const whole = await replay(pipeline, ...argumentsOf(resume));
  assertBalanced(whole);
  assert.deepEqual([whole.matched, whole.delivered, whole.pending, whole.stopped], [200, 200, 0, undefined]);
});
