import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runPipelineBench } from './pipeline-bench.ts';

test('every event of a first sync and of live traffic reaches the API once, and each case is measured on both sides', async () => {
  const cases = await runPipelineBench(
    { rounds: 1, seconds: 0.5, env: process.env, say: () => undefined },
    {
      syncs: [{ name: 'first-sync-bulk', members: 300, isBulk: true }],
      life: {
        cold: { eventsPerSecond: 50, slices: 2, sliceSeconds: 0.2 },
        steadyRates: [50],
        settleSeconds: 0.2,
        seconds: 0.5,
      },
    },
  );
  assert.deepEqual(
    cases.map(({ case: name }) => name),
    ['first-sync-bulk', 'cold-0-0.2s', 'cold-0.2-0.4s', 'live-50'],
  );
  for (const { case: name, ours, baseline } of cases) {
    for (const sample of [...ours, ...baseline]) {
      assert.ok(sample.perSecond > 0, name);
      assert.equal(Number.isNaN(sample.p99Ms), name === 'first-sync-bulk', name);
      assert.ok(sample.processes.dispatcher.rssMb > 0, name);
    }
    // Those of ours are asserted by the bench itself; without trouble the baseline loses nothing either.
    assert.deepEqual(
      [...ours, ...baseline].map(({ delivery }) => delivery),
      [...ours, ...baseline].map(() => ({ lost: 0, repeated: 0, overtaken: 0 })),
    );
  }
});
