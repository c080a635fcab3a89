/** The steps of `npm run demo` as assertions: each checks what it shows against the state of the API. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runDemoSteps } from '@astrolabe/demo';
import { startTestPipeline } from './test-pipeline.ts';

test('every check of the demo holds, and its totals balance', async (t) => {
  const pipeline = await startTestPipeline(t, 'demo', {
    DISPATCHER_RETRY_BASE_MS: '50',
    DISPATCHER_RETRY_MAX_MS: '400',
  });
  const titles: string[] = [];
  await runDemoSteps(pipeline, {
    step: (number, title) => titles.push(`${String(number)} ${title}`),
    fact: () => undefined,
    totals: (lines) => {
      t.diagnostic(lines.join('\n'));
    },
    waiting: () => () => undefined,
  });
  assert.equal(titles.length, 9);
});
