import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from '@astrolabe/service-kit';
import { createDispatcherMetrics } from './dispatcher-metrics.ts';
import { nothing, type PartitionState } from './dispatcher-state.ts';
import { noReplays } from './replay/replays-state.ts';

const partition: PartitionState = {
  partition: 3,
  lanes: 1,
  records: 2,
  lagging: [],
  ledgerEntries: 4,
  ledgerBytes: 500,
  replays: noReplays,
};

test('causes and outcomes that are known begin at 0, so that the first of each is an increase', async () => {
  const metrics = createMetrics({ service: 'dispatcher' });
  createDispatcherMetrics(metrics);
  const text = await metrics.registry.metrics();
  for (const begun of [
    'dispatcher_dead_letters_total{code="api.rejected"} 0',
    'dispatcher_dead_letters_total{code="command.undecodable"} 0',
    'dispatcher_replay_records_total{source="events",outcome="expired"} 0',
  ]) {
    assert.ok(text.includes(`${begun}\n`), begun);
  }
});

test('a connector whose cursor was not read yet has a lag in records, and none in seconds that would be wrong', async () => {
  const metrics = createMetrics({ service: 'dispatcher' });
  const read: { seconds?: number } = {};
  const lagging = () => [{ connector: 'acme', offsets: 7, seconds: read.seconds }];
  createDispatcherMetrics(metrics, { ...nothing, partitions: () => [{ ...partition, lagging: lagging() }] });
  const shown = async () =>
    (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith('dispatcher_connector_lag'));
  assert.deepEqual(await shown(), ['dispatcher_connector_lag_records{connector="acme",partition="3"} 7']);
  read.seconds = 518_400;
  assert.deepEqual(await shown(), [
    'dispatcher_connector_lag_records{connector="acme",partition="3"} 7',
    'dispatcher_connector_lag_seconds{connector="acme",partition="3"} 518400',
  ]);
});

test('a disk that cannot be read has no figures, and one that can has its own', async () => {
  const metrics = createMetrics({ service: 'dispatcher' });
  const read: { disk?: { readonly freeBytes: number; readonly totalBytes: number } } = {};
  createDispatcherMetrics(metrics, { ...nothing, ledgerDisk: async () => read.disk });
  const shown = async () =>
    (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith('dispatcher_ledger_disk'));
  assert.deepEqual(await shown(), []);
  read.disk = { freeBytes: 10, totalBytes: 100 };
  assert.deepEqual(await shown(), ['dispatcher_ledger_disk_free_bytes 10', 'dispatcher_ledger_disk_bytes 100']);
});
