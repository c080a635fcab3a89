import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runConsoleBench } from './console-bench.ts';

test('ten pages are opened and closed again, and live events reach the API once with them, with what they ask for, and without', async () => {
  const cases = await runConsoleBench(
    { rounds: 1, seconds: 0.5, env: process.env, say: () => undefined },
    { eventsPerSecond: 50, warmUpSeconds: 0.2, settleSeconds: 0.2 },
  );
  assert.deepEqual(
    cases.map(({ case: name, compared }) => [name, compared]),
    [
      ['ten-pages', 'p99Ms'],
      ['ten-readers', 'p99Ms'],
    ],
  );
  // What became of the events is asserted by the bench itself.
  for (const { p99Ms, rssMb } of cases.flatMap(({ ours, baseline }) => [...ours, ...baseline])) {
    assert.ok(p99Ms > 0 && rssMb > 0);
  }
});
