/** The steps of `npm run demo` as assertions: each checks what it shows against the state of the API. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDataFolder, startPipeline } from '@astrolabe/local-pipeline';
import { uniqueName } from '@astrolabe/testkit';
import { runDemoSteps } from './demo-steps.ts';

test('every check of the demo holds, and its totals balance', async (t) => {
  const folder = await openDataFolder(undefined);
  const starting = startPipeline({
    folder,
    env: process.env,
    topicPrefix: `${uniqueName('demo')}.`,
    variables: { dispatcher: { DISPATCHER_RETRY_BASE_MS: '50', DISPATCHER_RETRY_MAX_MS: '400' } },
  });
  t.after(async () => {
    // A start that failed has left nothing running, and is the test's own failure.
    const pipeline = await starting.catch(() => undefined);
    await pipeline?.close();
    folder.remove();
  });
  const pipeline = await starting;
  const titles: string[] = [];
  await runDemoSteps(pipeline, {
    step: (number, title) => titles.push(`${String(number)} ${title}`),
    fact: () => undefined,
    totals: (lines) => {
      t.diagnostic(lines.join('\n'));
    },
    waiting: () => () => undefined,
  });
  assert.equal(titles.length, 10);
});
