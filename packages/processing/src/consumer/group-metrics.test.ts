import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from '@astrolabe/service-kit';
import { groupStateOf, noGroup, showGroup, type GroupState } from './group-metrics.ts';

const joined: GroupState = groupStateOf(
  { assignment: () => [0, 2], rebalances: () => 3 },
  {
    lags: () =>
      new Map([
        [0, { records: 12, seconds: 1.5 }],
        [2, { records: 0, seconds: 0 }],
      ]),
    held: () => new Map([[0, 4]]),
  },
  () => 6,
);

test('a scrape shows the lag of what is here now, and forgets what has moved away', async () => {
  const metrics = createMetrics({ service: 'mapper' });
  let state = noGroup;
  showGroup(metrics, 'event topic', () => state);
  const shown = async (): Promise<string[]> =>
    (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith('mapper_'));
  const before = ['mapper_assigned_partitions 0', 'mapper_topic_partitions 0', 'mapper_rebalances_total 0'];
  assert.deepEqual(await shown(), before);
  state = joined;
  const after = [
    'mapper_lag_records{partition="0"} 12',
    'mapper_lag_records{partition="2"} 0',
    'mapper_lag_seconds{partition="0"} 1.5',
    'mapper_lag_seconds{partition="2"} 0',
    'mapper_held_records{partition="0"} 4',
    'mapper_assigned_partitions 2',
    'mapper_topic_partitions 6',
    'mapper_rebalances_total 3',
  ];
  assert.deepEqual(await shown(), after);
  assert.deepEqual(await shown(), after, 'a scrape adds nothing');
  state = noGroup;
  assert.deepEqual(await shown(), before);
});
