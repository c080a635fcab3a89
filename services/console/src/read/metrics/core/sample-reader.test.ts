import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from '@astrolabe/service-kit';
import fc from 'fast-check';
import { parseSeries, SampleReader } from './sample-reader.ts';

test('what a process tells of itself is read, whatever is in its labels and however the text is cut', async () => {
  const label = fc.string({ unit: 'grapheme', maxLength: 8 });
  const connectors = fc.uniqueArray(label, { minLength: 1, maxLength: 5 });
  const cuts = fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(connectors, cuts, async (ids, sizes) => {
      const metrics = createMetrics({ service: 'dispatcher' });
      const commands = metrics.counter({ name: 'commands_total', help: 'c', labelNames: ['connector', 'outcome'] });
      metrics.counter({ name: 'other_total', help: 'o' }).inc(3);
      ids.forEach((connector, index) => commands.inc({ connector, outcome: 'delivered' }, index + 1));
      const text = await metrics.registry.metrics();
      const reader = new SampleReader(new Set(['dispatcher_commands_total', 'process_start_time_seconds']));
      let from = 0;
      for (const size of sizes) reader.push(text.slice(from, (from += size)));
      reader.push(text.slice(from));
      const samples = [...reader.end()].map(([series, value]) => ({ ...parseSeries(series), value }));
      const counted = samples.filter(({ name }) => name === 'dispatcher_commands_total');
      assert.deepEqual(
        counted.map(({ labels, value }) => [labels['connector'], labels['outcome'], value]),
        ids.map((connector, index) => [connector, 'delivered', index + 1]),
      );
      assert.deepEqual(
        samples.filter(({ name }) => name !== 'dispatcher_commands_total').map(({ name }) => name),
        ['process_start_time_seconds'],
      );
    }),
    { numRuns: 50 },
  );
});
