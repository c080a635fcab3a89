/** `astrolabe replay events`: ranges with gaps, and a mapping rule that was changed. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createKafkaAdmin } from '@astrolabe/kafka';
import type { Pipeline } from '@astrolabe/local-pipeline';
import { headerText, type TopicDefinition } from '@astrolabe/records';
import { eventually } from '@astrolabe/testkit';
import { produceGzipped } from '../../packages/kafka/src/testing/compression-bomb.ts';
import { readState } from '../e2e/read-state.ts';
import { startTestPipeline } from '../e2e/test-pipeline.ts';
import { untilDispatched, untilDrained } from '../e2e/until-drained.ts';
import {
  assertBalanced,
  madeBySource,
  MINUTE_MS,
  placesOf,
  recordsOn,
  replay,
  sendEvents,
  sendInTransaction,
  toRecords,
  tracks,
  untilCommands,
} from './replay-runs.ts';

test('events of a time range are mapped again past gaps, and suppressed users stay so', async (t) => {
  const pipeline = await startTestPipeline(t, 'replay-events', {});
  const { topics } = pipeline;
  const early = tracks('Early', 500);
  await sendInTransaction(pipeline, early);
  await untilCommands(pipeline, 500);
  await untilDispatched(pipeline, MINUTE_MS);
  const first = await replay(pipeline, 'events', '--all', '--id', 'first', '--execute');
  assert.deepEqual([first.read, first.matched, first.commands, first.skippedByLedger], [500, 500, 500, 500]);
  assert.deepEqual(first.events, { mapped: 500, skipped: 0, deadLettered: 0 });

  const fromMs = Date.now();
  const gone = { userId: 'gone', timestamp: new Date(fromMs - 60_000).toISOString() };
  await sendEvents(pipeline, [
    { ...gone, type: 'identify', messageId: 'gone-1', traits: { plan: 'pro' } },
    { ...gone, type: 'track', event: 'E', messageId: 'gone-2' },
  ]);
  await sendInTransaction(pipeline, tracks('Late', 600));
  await sendInTransaction(pipeline, tracks('Later', 600));
  await sendEvents(pipeline, [{ type: 'delete', userId: 'gone', messageId: 'gone-3' }]);
  await untilCommands(pipeline, 500 + 1_200 + 3);
  await untilDispatched(pipeline, MINUTE_MS);

  const untilMs = Date.now();
  const range = ['--to-datetime', new Date(fromMs).toISOString(), '--until-datetime', new Date(untilMs).toISOString()];
  const dry = await replay<unknown>(pipeline, 'events', ...range, '--dry-run');
  // The suppressed user's events made commands, and then the deletion: all of them count as made.
  assert.deepEqual(dry, {
    dryRun: true,
    read: 1_203,
    replayedBefore: 0,
    filteredOut: 0,
    unreadable: 0,
    matched: 1_203,
    skippedByLedger: 1_203,
    wouldBeSent: 1_203,
    commandsMade: 1_203,
    eventsWithoutCommands: 0,
  });

  const args = ['events', ...range, '--id', 'late', '--force', '--yes'];
  const report = await replay(pipeline, ...args);
  assertBalanced(report);
  assert.deepEqual([report.read, report.matched, report.pending], [1_203, 1_203, 0]);
  // Of the suppressed user the deletion alone makes a command again.
  assert.deepEqual(report.events, { mapped: 1_201, skipped: 2, deadLettered: 0 });
  assert.deepEqual([report.commands, report.delivered, report.skippedByLedger], [1_201, 1_201, 0]);
  const made = await madeBySource(pipeline, 'late');
  assert.deepEqual([made.size, Math.max(...made.values())], [1_201, 1]);
  // The topics that others read have what they had.
  const kept = await recordsOn(pipeline, topics.segmentEvents.name);
  assert.deepEqual([kept.length, (await recordsOn(pipeline, topics.commands.name)).length], [1_703, 1_703]);
  assert.ok(kept.every(({ headers }) => headers['replay-id'] === undefined));
});

async function configure({ kafka }: Pipeline, topic: TopicDefinition): Promise<void> {
  const admin = await createKafkaAdmin(kafka);
  try {
    await admin.applyTopics(await admin.planTopics([topic], 1));
  } finally {
    await admin.close();
  }
}

test('a replay over what compaction has left, and over compressed batches, maps just that', async (t) => {
  const pipeline = await startTestPipeline(t, 'replay-gaps', {});
  const { topics } = pipeline;
  const { segmentEvents } = topics;
  const countEvents = async (): Promise<number> => (await recordsOn(pipeline, segmentEvents.name)).length;
  await configure(pipeline, { ...segmentEvents, cleanupPolicy: 'compact', segmentMs: 100 });
  // Every fifth is its user's only one and stays.
  const old = tracks('Old', 460).map((event, index) =>
    index % 5 === 0 ? { ...event, userId: `once${index}` } : event,
  );
  await sendEvents(pipeline, old);
  await untilCommands(pipeline, 460);
  // A later record closes the file that the ones before it are in, and only closed files are compacted.
  await sendEvents(pipeline, tracks('New', 23));
  await eventually(async () => (await countEvents()) < 483 - 200, {
    timeoutMs: MINUTE_MS,
    describe: 'compaction',
    intervalMs: 500,
  });
  await configure(pipeline, segmentEvents);
  const [zipped] = toRecords(pipeline, [{ ...tracks('Zipped', 1)[0], userId: 'zipped' }]);
  await produceGzipped(pipeline.kafka, segmentEvents.name, zipped ?? assert.fail());
  await untilDrained(pipeline, MINUTE_MS);

  const left = await recordsOn(pipeline, segmentEvents.name);
  const spread = Map.groupBy(left, ({ partition }) => partition);
  const gaps = [...spread.values()].filter(
    (all) => Number((all.at(-1)?.offset ?? 0n) - (all[0]?.offset ?? 0n)) >= all.length,
  );
  assert.ok(gaps.length > 0, 'offsets are missing between those that are left');
  const report = await replay(pipeline, 'events', '--all', '--id', 'gaps', '--force', '--yes');
  assertBalanced(report);
  assert.deepEqual([report.read, report.matched, report.pending], [left.length, left.length, 0]);
  assert.deepEqual([report.commands, report.delivered], [left.length, left.length]);
  const made = await madeBySource(pipeline, 'gaps');
  assert.deepEqual([...made.keys()].toSorted(), placesOf(left).toSorted());
});

test('after a mapping rule was changed a replay delivers what it makes of the same events, and nothing else', async (t) => {
  const preload = new URL('./second-rules.ts', import.meta.url).href;
  const pipeline = await startTestPipeline(t, 'replay-rules', {}, (folder) => ({
    mapper: { NODE_OPTIONS: `--import=${preload}`, SECOND_RULES: join(folder.path, 'second-rules') },
  }));
  const { topics, folder, services, addresses } = pipeline;
  const pages = Array.from({ length: 40 }, (_, index) => ({
    type: 'page',
    name: 'Prices',
    userId: `u${index % 7}`,
    messageId: `page-${index}`,
  }));
  const plan = (name: string, minute: number) => {
    const at = new Date(Date.now() - 3_600_000 + minute * 60_000).toISOString();
    return { type: 'identify', userId: 'u1', messageId: `plan-${name}`, traits: { plan: name }, timestamp: at };
  };
  await sendEvents(pipeline, [
    ...tracks('Kept', 60),
    ...tracks('Dropped', 30),
    plan('old', 1),
    plan('new', 2),
    ...pages,
  ]);
  await untilCommands(pipeline, 92);
  await untilDrained(pipeline, MINUTE_MS);

  await services.mapper[0].stop();
  await writeFile(join(folder.path, 'second-rules'), '');
  await services.mapper[0].start();
  const dry = await replay<Record<string, number>>(pipeline, 'events', '--all', '--dry-run');
  const { matched, commandsMade, skippedByLedger, eventsWithoutCommands } = dry;
  assert.deepEqual([matched, commandsMade, skippedByLedger, eventsWithoutCommands], [132, 92, 92, 40]);

  const report = await replay(pipeline, 'events', '--all', '--id', 'second', '--execute');
  assertBalanced(report);
  // Pages are tracked by the second rules, and events named Dropped are not: 102 map, and only the pages are news.
  assert.deepEqual(report.events, { mapped: 102, skipped: 30, deadLettered: 0 });
  assert.deepEqual([report.commands, report.skippedByLedger, report.delivered, report.pending], [102, 62, 40, 0]);
  const { apiKey, astrolabe } = addresses;
  const state = await readState(astrolabe, apiKey);
  assert.equal(state.events.length, 60 + 30 + 40);

  // Forced, an older value arrives after a newer one.
  const commands = await recordsOn(pipeline, topics.commands.name);
  const older = commands.find((record) => headerText(record, 'message-id') === 'plan-old');
  assert.ok(older !== undefined);
  assert.equal(state.users['u1']?.['plan'], 'new');
  const at = `${older.partition}:${older.offset}`;
  const forced = await replay(pipeline, 'commands', '--offsets', at, '--force', '--yes', '--id', 'older');
  assert.deepEqual([forced.read, forced.delivered, forced.pending], [1, 1, 0]);
  assert.deepEqual(await readState(astrolabe, apiKey), state);
});
