import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planReplays } from './plan.ts';
import { runReplayBench } from './replay-bench.ts';

test('every replay ends with all of its records as it must, alone and beside live events, and each case is measured', async () => {
  const plan = planReplays('smoke', 0.5, { part: undefined, rate: 50, events: 600 });
  const cases = await runReplayBench({ rounds: 1, seconds: 0.5, env: process.env, say: () => undefined }, plan);
  assert.deepEqual(
    cases.map(({ case: name }) => name),
    [
      'idle-events-known',
      'idle-events-forced',
      'idle-commands-known',
      'live-50',
      'live-50-forced',
      'share-0',
      'share-50',
    ],
  );
  for (const { case: name, ours, baseline } of cases) {
    for (const sample of ours) {
      assert.ok(sample.perSecond > 0, name);
      assert.equal(sample.livePerSecond > 0, name.includes('-50'), name);
      assert.ok(sample.processes.mapper.rssMb > 0, name);
    }
    assert.equal(
      baseline.every(({ perSecond }) => Number.isNaN(perSecond)),
      name.startsWith('live-'),
      name,
    );
  }
});
