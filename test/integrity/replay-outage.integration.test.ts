/** A replay while its broker goes away, on a broker that no other test uses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownStackEnvironment } from '@astrolabe/testkit';
import { readCounters } from '../e2e/operator.ts';
import { startTestPipeline } from '../e2e/test-pipeline.ts';
import { untilDispatched } from '../e2e/until-drained.ts';
import {
  assertBalanced,
  madeBySource,
  MINUTE_MS,
  replay,
  sendEvents,
  tracks,
  untilCommands,
  untilStatus,
} from './replay-runs.ts';

const EVENTS = 300;
const FROZEN_MS = 8_000;
const TIMEOUT_MS = 10 * MINUTE_MS;

/** Beside other tests the stack alone takes most of a minute to start: there is one for both. */
test('a broker goes away in the middle of replays', { timeout: 2 * TIMEOUT_MS }, async (t) => {
  const pipeline = await startTestPipeline(t, 'replay-outage', {}, undefined, ownStackEnvironment(process.env));
  const dispatcher = pipeline.services.dispatcher[0];
  const { kafka } = pipeline.stack;
  assert.ok(kafka);
  await sendEvents(pipeline, tracks('Outage', EVENTS));
  await untilCommands(pipeline, EVENTS);
  await untilDispatched(pipeline, MINUTE_MS);

  await t.test(
    'a replay whose broker is killed or stands still in the middle maps each event once and delivers each command once',
    { timeout: TIMEOUT_MS },
    async () => {
      for (const outage of ['killed', 'frozen'] as const) {
        const before = await readCounters(pipeline);
        await replay(pipeline, 'events', '--all', '--force', '--yes', '--id', outage, '--rate', '50', '--detach');
        await untilStatus(pipeline, outage, ({ report }) => report.read >= 60);
        if (outage === 'killed') {
          await kafka.kill();
          await kafka.start();
        } else {
          await kafka.pause();
          await sleep(FROZEN_MS);
          await kafka.resume();
        }
        const report = await replay(pipeline, 'status', outage, '--follow');
        assertBalanced(report);
        assert.deepEqual([report.phase, report.matched, report.commands], ['finished', EVENTS, EVENTS]);
        assert.equal(report.delivered + report.duplicate, EVENTS);
        const made = await madeBySource(pipeline, outage);
        assert.deepEqual([made.size, Math.max(...made.values())], [EVENTS, 1]);
        const after = await readCounters(pipeline);
        assert.equal(after.unchanged - before.unchanged, EVENTS);
      }
    },
  );

  await t.test(
    'a dispatcher that is stopped while its broker is away in the middle of a replay ends before its deadline',
    { timeout: TIMEOUT_MS },
    async () => {
      await replay(pipeline, 'commands', '--all', '--force', '--yes', '--id', 'stopped', '--rate', '50', '--detach');
      await untilStatus(pipeline, 'stopped', ({ report }) => report.read >= 60);
      await kafka.kill();
      // Rejects where its exit code is not 0, as after its deadline.
      await dispatcher.stop();
      await kafka.start();
      await dispatcher.start();
      const report = await replay(pipeline, 'status', 'stopped', '--follow');
      assertBalanced(report);
      assert.deepEqual([report.phase, report.matched, report.read], ['finished', EVENTS, EVENTS]);
      assert.equal(report.delivered + report.duplicate, EVENTS);
    },
  );
});
