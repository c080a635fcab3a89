/** Replays that were stopped on purpose: what a later one, or the same one after a restart, finds left to do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCounters } from '../e2e/operator.ts';
import { startTestPipeline } from '../e2e/test-pipeline.ts';
import { untilDispatched } from '../e2e/until-drained.ts';
import { assertBalanced, MINUTE_MS, replay, sendEvents, tracks, untilCommands, untilStatus } from './replay-runs.ts';

const EVENTS = 400;
/** So slow that a replay is still on its way, however long the program takes to stop it. */
const SLOW_RATE = '2';

/** Delivered once already; what is executed again changes nothing. */
async function startDelivered(t: Parameters<typeof startTestPipeline>[0], name: string) {
  const pipeline = await startTestPipeline(t, name, {});
  await sendEvents(pipeline, tracks('Stopped', EVENTS));
  await untilCommands(pipeline, EVENTS);
  await untilDispatched(pipeline, MINUTE_MS);
  const before = await readCounters(pipeline);
  const executed = async (): Promise<number> => (await readCounters(pipeline)).unchanged - before.unchanged;
  return { pipeline, executed };
}

test('replays that are paused stay so while both services are killed and started, and then go on where they were', async (t) => {
  const { pipeline, executed } = await startDelivered(t, 'replay-paused');
  const { mapper, dispatcher } = pipeline.services;
  const sources = ['events', 'commands'] as const;
  for (const source of sources) {
    await replay(pipeline, source, '--all', '--force', '--yes', '--id', source, '--rate', SLOW_RATE, '--detach');
    await untilStatus(pipeline, source, ({ report }) => report.read >= 4);
    const paused = await replay(pipeline, 'pause', source);
    assertBalanced(paused);
    assert.ok(paused.unread > 0, `it is paused on its way: ${JSON.stringify(paused)}`);
  }
  // What was made of events when it was paused is delivered.
  await untilStatus(pipeline, 'events', ({ report }) => report.pending === 0);
  const executedBefore = await executed();
  await Promise.all([mapper[0].kill(), dispatcher[0].kill()]);
  await Promise.all([mapper[0].start(), dispatcher[0].start()]);
  const read = new Map<string, number>();
  for (const source of sources) {
    const { phase, report } = await untilStatus(pipeline, source, () => true);
    assert.equal(phase, 'paused');
    read.set(source, report.read);
  }
  // Both services are at work, and leave them alone.
  await sendEvents(pipeline, tracks('Live', 50));
  await untilCommands(pipeline, EVENTS + 50);
  await untilDispatched(pipeline, MINUTE_MS);
  assert.equal(await executed(), executedBefore);
  for (const source of sources) {
    const { phase, report } = await untilStatus(pipeline, source, () => true);
    assert.deepEqual([phase, report.read], ['paused', read.get(source)]);
    await replay(pipeline, 'resume', source, '--rate', 'none');
    const whole = await replay(pipeline, 'status', source, '--follow');
    assertBalanced(whole);
    assert.deepEqual([whole.phase, whole.matched, whole.delivered + whole.duplicate], ['finished', EVENTS, EVENTS]);
  }
  assert.equal(await executed(), 2 * EVENTS, 'each command once for each replay');
});

test('after a cancellation a new replay of the same range does what the first has not done, and nothing twice', async (t) => {
  const { pipeline, executed } = await startDelivered(t, 'replay-again');
  const args = ['events', '--all', '--force', '--yes'];
  await replay(pipeline, ...args, '--id', 'first', '--rate', SLOW_RATE, '--detach');
  await untilStatus(pipeline, 'first', ({ report }) => report.delivered >= 4);
  const cancelled = await replay(pipeline, 'cancel', 'first');
  assertBalanced(cancelled);
  assert.deepEqual([cancelled.phase, cancelled.pending], ['cancelled', 0]);
  assert.ok(cancelled.unread > 0, `it was cancelled on its way: ${JSON.stringify(cancelled)}`);
  assert.equal(await executed(), cancelled.delivered);

  // Forced, the new one is another replay: all of its range. What is known to the ledger is left to that.
  const second = await replay(pipeline, ...args, '--id', 'second');
  assertBalanced(second);
  assert.deepEqual([second.phase, second.matched, second.delivered], ['finished', EVENTS, EVENTS]);
  assert.equal(await executed(), cancelled.delivered + EVENTS);
  const third = await replay(pipeline, 'events', '--all', '--id', 'third', '--execute');
  assert.deepEqual([third.matched, third.skippedByLedger, third.delivered], [EVENTS, EVENTS, 0]);
  assert.equal(await executed(), cancelled.delivered + EVENTS);
});
