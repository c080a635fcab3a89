/** `astrolabe replay` while its broker goes away, on a broker that no other test uses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, ownStackEnvironment } from '@astrolabe/testkit';
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

const COMMANDS = 300;
const FROZEN_MS = 8_000;
const title =
  'a replay whose broker is killed or stands still in the middle sends and delivers each record once, in that run or the next';

/** Beside other tests the stack of its own alone takes most of a minute to start. */
test(title, { timeout: 10 * MINUTE_MS }, async (t) => {
  const env = ownStackEnvironment(process.env);
  const pipeline = await startTestPipeline(t, 'replay-outage', {}, undefined, env);
  const { topics, stack } = pipeline;
  assert.ok(stack.kafka);
  await sendEvents(pipeline, tracks('Outage', COMMANDS));
  await untilCommands(pipeline, COMMANDS);
  await untilDispatched(pipeline, MINUTE_MS);
  for (const outage of ['killed', 'frozen'] as const) {
    const copies = async () => copiesBySource(await recordsOn(pipeline, topics.commands.name), outage);
    const running = startReplay(
      pipeline,
      'commands',
      '--all',
      '--force',
      '--yes',
      '--id',
      outage,
      '--rate',
      '50',
      '--json',
    );
    await eventually(async () => (await copies()).size >= 60, {
      timeoutMs: MINUTE_MS,
      describe: 'copies',
      intervalMs: 100,
    });
    if (outage === 'killed') {
      await stack.kafka.kill();
      await stack.kafka.start();
    } else {
      await stack.kafka.pause();
      await sleep(FROZEN_MS);
      await stack.kafka.resume();
    }
    const { code, stdout, stderr } = await running.ended;
    t.diagnostic(`${outage}: exit code ${code}`);
    let report = JSON.parse(stdout) as ReplayReport;
    assertBalanced(report);
    if (code !== 0) {
      assert.ok(report.stopped, stderr);
      report = await replay(pipeline, ...argumentsOf(report.stopped.resume));
      assertBalanced(report);
    }
    assert.deepEqual([report.matched, report.delivered, report.pending], [COMMANDS, COMMANDS, 0]);
    const sent = await copies();
    assert.deepEqual([sent.size, Math.max(...sent.values())], [COMMANDS, 1]);
  }
});
