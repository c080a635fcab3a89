import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTraffic } from '../traffic/create-traffic.ts';
import { trafficConnectors } from '../traffic/traffic-connector.ts';
import { createOracle } from './create-oracle.ts';
import { perfectRun } from './testing/perfect-run.ts';

const startMs = Date.parse('2026-11-24T10:00:00.000Z');

test('a pipeline that keeps every promise has no violation, whatever the traffic and however often calls are repeated', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0 }),
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 2, max: 9 }),
      fc.boolean(),
      (seed, events, every, hasReplays) => {
        const calls = [...createTraffic({ seed, events, connectors: trafficConnectors, startMs })];
        const attempts = ({ sequence }: { readonly sequence: number }): number => (sequence % every === 0 ? 3 : 1);
        const { ends, observed } = perfectRun(trafficConnectors, calls, { startMs, attempts, hasReplays });
        const oracle = createOracle(trafficConnectors);
        for (const [call, end] of ends) oracle.ended(call, end);
        const { violations, figures } = oracle.judge(observed);
        assert.deepEqual(violations, []);
        assert.equal(figures.acknowledgedEvents, events);
      },
    ),
    { numRuns: 40 },
  );
});
