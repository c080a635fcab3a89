import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeChunk, type DeliveryOutcome } from '@astrolabe/ledger';
import { headerText, toHeaders, type ConsumedRecord } from '@astrolabe/records';
import { createInMemoryCluster, type InMemoryCluster } from '../testing/in-memory-cluster.ts';
import { createSteppingClock } from '../testing/stepping-clock.ts';
import type { ReplayRequest, ReplayState } from './core/replay-state.ts';
import { forecastReplay } from './forecast-replay.ts';
import { prepareReplay } from './prepare-replay.ts';
import { runReplay, type ReplayOutcome } from './run-replay.ts';

const groups = { mapper: 'astrolabe.mapper', dispatcher: 'astrolabe.dispatcher' };
const limits = { recordsPerSecond: 1_000, maxOutstanding: 100, stallTimeoutMs: 5_000 };
const commandId = (index: number): string => String(index).padStart(32, '0');

/** A dispatcher that delivers what a replay has sent, when it is given a turn. */
class FakeDispatcher {
  readonly #cluster: InMemoryCluster;
  readonly #handled = new Set<string>();
  isRunning = true;

  constructor(cluster: InMemoryCluster) {
    this.#cluster = cluster;
  }

  async step(outcome: DeliveryOutcome = 'delivered'): Promise<void> {
    if (!this.isRunning) return;
    const { log, topics } = this.#cluster;
    for (const record of log.records(topics.commands.name)) {
      const place = `${record.partition}:${record.offset}`;
      if (this.#handled.has(place)) continue;
      this.#handled.add(place);
      if (headerText(record, 'replay-id') !== undefined) await this.deliver(record, outcome);
      const position = { nextOffset: record.offset + 1n };
      this.#cluster.commit(groups.dispatcher, topics.commands.name, record.partition, position);
    }
  }

  async deliver({ partition, offset, headers }: ConsumedRecord, outcome: DeliveryOutcome): Promise<void> {
    const id = headers['command-id']?.toString() ?? '';
    const entry = { commandId: id, connectorId: 'acme', outcome, status: 200, offset, atMs: 1_780_000_000_000 };
    const { log, topics } = this.#cluster;
    await log.send(topics.deliveries.name, [{ key: null, value: encodeChunk([entry]), headers: {}, partition }]);
  }
}

/** Ten commands on partition 0; the ledger has the first three as delivered. */
async function setUp() {
  const cluster = createInMemoryCluster({ nowMs: () => 1_780_000_000_000 });
  const { log, topics } = cluster;
  const commands = Array.from({ length: 10 }, (_, index) => ({
    key: null,
    value: Buffer.from([0, 0, 0, 0, 1]),
    headers: toHeaders({ 'connector-id': 'acme', 'message-id': `m${index}`, 'command-id': commandId(index) }),
    partition: 0,
  }));
  await log.send(topics.commands.name, commands);
  const dispatcher = new FakeDispatcher(cluster);
  for (const record of log.records(topics.commands.name).slice(0, 3)) await dispatcher.deliver(record, 'delivered');
  await dispatcher.step();
  const sent = () => log.records(topics.commands.name).slice(10);
  return { cluster, dispatcher, sent, clock: createSteppingClock(() => dispatcher.step()) };
}

type Bed = Awaited<ReturnType<typeof setUp>>;
const signal = new AbortController().signal;

async function prepared({ cluster, clock }: Bed, request: ReplayRequest, id?: string): Promise<ReplayState> {
  const outcome = await prepareReplay({ cluster, request, id, hasRegistry: false, clock, signal });
  return outcome.kind === 'prepared' ? outcome.state : assert.fail(outcome.kind);
}

async function run(bed: Bed, state: ReplayState, runSignal = signal): Promise<ReplayOutcome> {
  const { cluster, clock } = bed;
  const ledgerWindowMs = 1e12;
  const common = { cluster, state, decoder: undefined, ledgerWindowMs, clock, signal: runSignal };
  return runReplay({ ...common, groups, limits, onEvent: () => undefined });
}

const all: ReplayRequest = { source: 'commands', toEarliest: true };

test('a replay sends what the ledger does not know, once, and ends when all of it has ended', async () => {
  const bed = await setUp();
  const state = await prepared(bed, all);
  const { cluster, clock } = bed;
  const options = { cluster, state, decoder: undefined, ledgerWindowMs: 1e12, clock, signal };
  const forecast = await forecastReplay({ ...options, onEvent: () => undefined });
  assert.deepEqual([forecast.read, forecast.skippedByLedger, forecast.wouldBeSent], [10, 3, 7]);
  assert.equal(bed.sent().length, 0, 'a forecast writes nothing');

  const outcome = await run(bed, state);
  assert.ok(outcome.kind === 'ended');
  const { read, matched, skippedByLedger, delivered, pending } = outcome.report;
  assert.deepEqual([read, matched, skippedByLedger, delivered, pending], [10, 10, 3, 7, 0]);
  assert.deepEqual(
    bed.sent().map((record) => [headerText(record, 'command-id'), headerText(record, 'replay-from')]),
    [3, 4, 5, 6, 7, 8, 9].map((index) => [commandId(index), `${cluster.topics.commands.name}:0:${index}`]),
  );
  const position = cluster.commitOf(`astrolabe.replay.${state.id}`, cluster.topics.commands.name, 0);
  assert.equal(position, 10n, 'the group of the replay is at the end of its range');
});

test('a replay that stalls says so, and a later run with its id sends nothing again', async () => {
  const bed = await setUp();
  bed.dispatcher.isRunning = false;
  const stalled = await run(bed, await prepared(bed, all, 'again'));
  assert.ok(stalled.kind === 'stopped');
  assert.deepEqual([stalled.stop.kind, stalled.report.pending], ['stalled', 7]);
  assert.equal(bed.sent().length, 7);

  bed.dispatcher.isRunning = true;
  const resumed = await run(bed, await prepared(bed, { source: 'commands' }, 'again'));
  assert.ok(resumed.kind === 'ended');
  assert.deepEqual([resumed.report.delivered, resumed.report.pending], [7, 0]);
  assert.equal(bed.sent().length, 7);
});

test('a replay whose commit fails has stored nothing of the batch, and a later run sends it', async () => {
  const bed = await setUp();
  const state = await prepared(bed, all, 'failing');
  let isFailing = true;
  const openTransactionalProducer: InMemoryCluster['openTransactionalProducer'] = async (id) => {
    const producer = await bed.cluster.openTransactionalProducer(id);
    return {
      ...producer,
      commit: async (parts, position) => {
        if (isFailing && parts.length > 1) throw new Error('brokers are away');
        return producer.commit(parts, position);
      },
    };
  };
  const failing = { ...bed, cluster: { ...bed.cluster, openTransactionalProducer } };
  const failed = await run(failing, state);
  assert.ok(failed.kind === 'stopped' && failed.stop.kind === 'failed');
  assert.deepEqual([failed.report.matched, failed.report.pending, bed.sent().length], [0, 0, 0]);
  isFailing = false;
  const resumed = await run(failing, await prepared(bed, { source: 'commands' }, 'failing'));
  assert.ok(resumed.kind === 'ended');
  assert.equal(bed.sent().length, 7);
});

test('a replay that another run has taken over from ends without a report of its own', async () => {
  const bed = await setUp();
  const state = await prepared(bed, all, 'twice');
  const clock = createSteppingClock(async () => {
    await bed.dispatcher.step();
    await bed.cluster.openTransactionalProducer('astrolabe.replay.twice');
  });
  const few = { ...limits, maxOutstanding: 2, recordsPerSecond: 20 };
  const options = { cluster: bed.cluster, state, decoder: undefined, ledgerWindowMs: 1e12, clock, signal };
  assert.deepEqual(await runReplay({ ...options, groups, limits: few, onEvent: () => undefined }), {
    kind: 'taken-over',
  });
});

test('an interrupted replay reports what is stored', async () => {
  const bed = await setUp();
  bed.dispatcher.isRunning = false;
  const interruption = new AbortController();
  const clock = createSteppingClock(() => interruption.abort(new Error('interrupted')));
  const outcome = await run({ ...bed, clock }, await prepared(bed, all), interruption.signal);
  assert.ok(outcome.kind === 'stopped' && outcome.stop.kind === 'interrupted');
  assert.ok(outcome.report.pending > 0);
});

test('what cannot be prepared is refused with the reason', async () => {
  const bed = await setUp();
  const { cluster, clock } = bed;
  const kindOf = async (request: ReplayRequest, id?: string) =>
    (await prepareReplay({ cluster, request, id, hasRegistry: false, clock, signal })).kind;
  assert.equal(await kindOf({ source: 'commands' }), 'no-range');
  assert.equal(await kindOf({ source: 'commands', offsets: '99:0-' }), 'unknown-partition');
  assert.equal(await kindOf({ ...all, toDatetime: 1 }), 'several-starts');
  assert.equal(await kindOf({ ...all, user: 'ada' }), 'needs-registry');
  await run(bed, await prepared(bed, all, 'known'));
  assert.equal(await kindOf({ source: 'commands', user: 'ada' }, 'known'), 'different-request');
  cluster.recreate(cluster.topics.commands.name);
  await assert.rejects(kindOf({ source: 'commands' }, 'known'), { code: 'kafka.topic-recreated' });
});
