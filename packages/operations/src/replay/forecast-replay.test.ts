import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeChunk } from '@astrolabe/ledger';
import { toHeaders } from '@astrolabe/records';
import type { ReplayRequest } from '@astrolabe/replay';
import { createInMemoryCluster } from '../testing/in-memory-cluster.ts';
import { createSteppingClock } from '../testing/stepping-clock.ts';
import { forecastReplay, type ForecastEvent } from './forecast-replay.ts';
import { planReplay } from './plan-replay.ts';

const { signal } = new AbortController();
const commandId = (index: number): string => String(index).padStart(32, '0');

/** Ten commands on partition 0; the ledger has the first three as delivered, and a dead letter of the fourth. */
async function setUp() {
  const cluster = createInMemoryCluster({ nowMs: () => 1_780_000_000_000 });
  const { log, topics } = cluster;
  const value = Buffer.from([0, 0, 0, 0, 1]);
  const commands = Array.from({ length: 10 }, (_, index) => ({
    key: null,
    value,
    headers: toHeaders({ 'connector-id': 'acme', 'message-id': `m${index}`, 'command-id': commandId(index) }),
    partition: 0,
  }));
  await log.send(topics.commands.name, commands);
  const common = { connectorId: 'acme', status: 200, atMs: 1_780_000_000_000 };
  const entries = [0, 1, 2].map((index) => {
    return { ...common, commandId: commandId(index), outcome: 'delivered', offset: BigInt(index) } as const;
  });
  const failed = { ...common, commandId: commandId(3), outcome: 'dead-lettered', offset: 3n } as const;
  const chunk = encodeChunk([...entries, failed]);
  await log.send(topics.deliveries.name, [{ key: null, value: chunk, headers: {}, partition: 0 }]);
  const clock = createSteppingClock();
  const events: ForecastEvent[] = [];
  const forecast = async (request: ReplayRequest, reader = cluster.reader) => {
    const planned = await planReplay({ cluster, request, id: undefined, recordsPerSecond: undefined, clock, signal });
    const { order } = planned.kind === 'planned' ? planned : assert.fail(planned.kind);
    const options = { order, decoder: undefined, ledgerWindowMs: 1e12, clock, signal };
    return forecastReplay({ ...options, cluster: { ...cluster, reader }, onEvent: (event) => events.push(event) });
  };
  return { cluster, forecast, events };
}

const all: ReplayRequest = { source: 'commands', toEarliest: true };

test('a forecast counts what the ledger would skip, and a dead letter is tried again', async () => {
  const { cluster, forecast } = await setUp();
  const outcome = await forecast(all);
  assert.ok(outcome.kind === 'forecast');
  const { read, matched, skippedByLedger, wouldBeSent } = outcome.forecast;
  assert.deepEqual([read, matched, skippedByLedger, wouldBeSent], [10, 10, 3, 7]);
  assert.equal(cluster.log.records(cluster.topics.replays.name).length, 0, 'a forecast writes nothing');
  const forced = await forecast({ ...all, force: true });
  assert.ok(forced.kind === 'forecast');
  assert.equal(forced.forecast.wouldBeSent, 10);
  assert.equal((await forecast({ ...all, user: 'ada' })).kind, 'needs-registry');
});

test('batches that cannot be read are told, counted and left out', async () => {
  const { cluster, forecast, events } = await setUp();
  const { name: topic } = cluster.topics.commands;
  const { read } = cluster.reader;
  const reader: typeof cluster.reader = {
    ...cluster.reader,
    read: (range) => {
      if (range.topic !== topic) return read(range);
      range.onUnreadable?.({ topic, partition: 0, fromOffset: 0n, nextOffset: 2n, reason: 'it inflates to too much' });
      return read({ ...range, fromOffset: 2n });
    },
  };
  const outcome = await forecast(all, reader);
  assert.ok(outcome.kind === 'forecast');
  const { read: readCount, unreadable, matched } = outcome.forecast;
  assert.deepEqual([readCount, unreadable, matched], [10, 2, 8]);
  assert.equal(events.filter(({ kind }) => kind === 'skipped').length, 1);
});
