/** `astrolabe replay` as a process of its own beside the running services. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import type { Pipeline } from '@astrolabe/demo';
import {
  createKafkaAdmin,
  createRecordProducer,
  headerText,
  readTopic,
  toHeaders,
  type ConsumedRecord,
} from '@astrolabe/kafka';
import { decodeChunk } from '@astrolabe/ledger';
import { createLogger } from '@astrolabe/service-kit';
import { eventually } from '@astrolabe/testkit';
import { startTestPipeline } from '../e2e/test-pipeline.ts';
import { untilDispatched } from '../e2e/until-drained.ts';
import { seededRandom } from '../seeded-random.ts';

interface Report {
  readonly read: number;
  readonly replayedBefore: number;
  readonly filteredOut: number;
  readonly matched: number;
  readonly events?: { readonly mapped: number; readonly skipped: number; readonly deadLettered: number };
  readonly commands?: number;
  readonly skippedByLedger: number;
  readonly delivered: number;
  readonly duplicate: number;
  readonly deadLettered: number;
  readonly pending: number;
}

const cli = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url));
const MINUTE_MS = 60_000;

function startReplay({ addresses, topics }: Pipeline, ...args: string[]) {
  const prefix = topics.commands.name.slice(0, -'astrolabe.commands.v1'.length);
  const child = spawn(process.execPath, [cli, 'replay', ...args, '--json'], {
    env: {
      PATH: process.env['PATH'],
      KAFKA_BROKERS: addresses.kafka,
      SCHEMA_REGISTRY_URL: addresses.schemaRegistry,
      KAFKA_TOPIC_PREFIX: prefix,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, stdout, stderr }));
  return { child, ended };
}

async function replay(pipeline: Pipeline, ...args: string[]): Promise<Report> {
  const { code, stdout, stderr } = await startReplay(pipeline, ...args).ended;
  assert.equal(code, 0, `${stdout}${stderr}`);
  return JSON.parse(stdout) as Report;
}

async function recordsOn({ kafka }: Pipeline, topic: string): Promise<ConsumedRecord[]> {
  const records: ConsumedRecord[] = [];
  await readTopic({ connection: kafka, topic }, (record) => records.push(record));
  return records;
}

/** Stores events as ingest does. `body` of each beside what all have. */
async function sendEvents(pipeline: Pipeline, events: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
  const logger = createLogger({ name: 'replay-test', level: 'silent' });
  const producer = await createRecordProducer({ connection: pipeline.kafka, logger });
  const { id: connectorId } = pipeline.connector;
  try {
    await producer.send(
      pipeline.topics.segmentEvents.name,
      events.map((event) => {
        const at = new Date().toISOString();
        const full = { originalTimestamp: at, timestamp: at, receivedAt: at, ...event };
        return {
          key: Buffer.from(JSON.stringify([connectorId, 'user', event['userId']])),
          value: Buffer.from(JSON.stringify(full)),
          headers: toHeaders({
            'connector-id': connectorId,
            'message-id': String(event['messageId']),
            'received-at': at,
          }),
        };
      }),
    );
  } finally {
    await producer.close();
  }
}

const tracks = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    type: 'track',
    event: name,
    userId: `u${index % 23}`,
    messageId: `${name}-${index}`,
  }));

async function untilCommands(pipeline: Pipeline, count: number): Promise<ConsumedRecord[]> {
  return eventually(
    async () => {
      const records = await recordsOn(pipeline, pipeline.topics.commands.name);
      return records.length >= count ? records : undefined;
    },
    { timeoutMs: MINUTE_MS, describe: `${count} commands`, intervalMs: 200 },
  );
}

/** Makes the dispatcher, which must not run, pass by what is on its topic. */
async function passBy({ kafka, topics, groups }: Pipeline): Promise<void> {
  const admin = await createKafkaAdmin(kafka);
  try {
    const ends = await admin.watermarks(topics.commands.name);
    await admin.setOffsets(
      groups.dispatcher,
      topics.commands.name,
      new Map(ends.map(({ partition, highWatermark }) => [partition, highWatermark])),
    );
  } finally {
    await admin.close();
  }
}

function copiesBySource(records: readonly ConsumedRecord[], replayId: string): Map<string, number> {
  const copies = new Map<string, number>();
  for (const record of records) {
    if (headerText(record, 'replay-id') !== replayId) continue;
    const from = headerText(record, 'replay-from') ?? '';
    copies.set(from, (copies.get(from) ?? 0) + 1);
  }
  return copies;
}

test('a replay delivers what was not delivered and nothing else, and a killed one goes on where it was', async (t) => {
  const pipeline = await startTestPipeline(t, 'replay', {});
  const { topics, services } = pipeline;
  const dispatcher = services.dispatcher[0];
  await sendEvents(pipeline, tracks('First', 300));
  await untilCommands(pipeline, 300);
  await untilDispatched(pipeline, MINUTE_MS);
  await dispatcher.stop();
  await sendEvents(pipeline, tracks('Second', 600));
  await untilCommands(pipeline, 900);
  await passBy(pipeline);
  await dispatcher.start();

  const dry = await replay(pipeline, 'commands', '--all', '--dry-run');
  assert.deepEqual(dry, {
    dryRun: true,
    read: 900,
    replayedBefore: 0,
    filteredOut: 0,
    matched: 900,
    skippedByLedger: 300,
    wouldBeSent: 600,
  });

  const ids = { replayId: 'third', replayedBefore: 0, filteredOut: 0, duplicate: 0, deadLettered: 0, pending: 0 };
  assert.deepEqual(await replay(pipeline, 'commands', '--all', '--id', 'third', '--rate', '2000', '--execute'), {
    ...ids,
    read: 900,
    matched: 900,
    skippedByLedger: 300,
    delivered: 600,
  });
  assert.equal((await recordsOn(pipeline, topics.commands.name)).length, 1_500);

  // Again: everything is in the ledger, and the copies are left out.
  assert.deepEqual(await replay(pipeline, 'commands', '--all', '--id', 'again', '--execute'), {
    ...ids,
    replayId: 'again',
    read: 1_500,
    replayedBefore: 600,
    matched: 900,
    skippedByLedger: 900,
    delivered: 0,
  });

  // Killed at random; each record is sent once all the same, and forced ones are delivered once.
  const random = seededRandom(7);
  const args = ['commands', '--all', '--force', '--yes', '--id', 'killed', '--rate', '300'];
  let kills = 0;
  while (kills < 4) {
    const { child, ended } = startReplay(pipeline, ...args);
    const timer = setTimeout(() => child.kill('SIGKILL'), 900 + random() * 900);
    const { code } = await ended;
    clearTimeout(timer);
    if (code !== null) break;
    kills += 1;
  }
  assert.ok(kills > 0, 'it was killed before it was done');
  const forced = await replay(pipeline, ...args);
  assert.deepEqual(forced, {
    ...ids,
    replayId: 'killed',
    read: 1_500,
    replayedBefore: 600,
    matched: 900,
    skippedByLedger: 0,
    delivered: 900,
  });
  const copies = copiesBySource(await recordsOn(pipeline, topics.commands.name), 'killed');
  assert.deepEqual([copies.size, Math.max(...copies.values())], [900, 1]);

  const refused = await startReplay(pipeline, 'commands', '--id', 'killed', '--user', 'u1', '--yes').ended;
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /user was not given/);
});

/** Milliseconds from reception to delivery of commands that no replay sent, in the order of their deliveries. */
async function freshnessOfLive(pipeline: Pipeline, names: string): Promise<number[]> {
  const received = new Map<string, number>();
  for (const record of await recordsOn(pipeline, pipeline.topics.commands.name)) {
    if (headerText(record, 'replay-id') !== undefined || headerText(record, 'message-id')?.startsWith(names) !== true) {
      continue;
    }
    received.set(`${record.partition}:${record.offset}`, Date.parse(headerText(record, 'received-at') ?? ''));
  }
  const freshness: number[] = [];
  for (const { partition, value } of await recordsOn(pipeline, pipeline.topics.deliveries.name)) {
    for (const { offset, atMs } of decodeChunk(value ?? Buffer.alloc(0)).deliveries()) {
      const receivedAtMs = received.get(`${partition}:${offset}`);
      if (receivedAtMs !== undefined) freshness.push(atMs - receivedAtMs);
    }
  }
  return freshness;
}

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? Number.NaN;

/** Fifty a second until it is told to end. */
async function sendLive(pipeline: Pipeline, name: string, until: Promise<unknown>): Promise<number> {
  const over = new AbortController();
  void until.finally(() => over.abort());
  const { apiKey, ingest } = pipeline.addresses;
  const authorization = `Basic ${Buffer.from(`${apiKey}:`).toString('base64')}`;
  let sent = 0;
  while (!over.signal.aborted) {
    const body = JSON.stringify({
      type: 'track',
      event: name,
      userId: `live${sent % 50}`,
      messageId: `${name}-${sent}`,
    });
    const answer = await fetch(`${ingest}/segment`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body,
    });
    assert.equal(answer.status, 200);
    sent += 1;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return sent;
}

test('events of a time range are mapped again past gaps, and suppressed users stay so, beside live traffic', async (t) => {
  const pipeline = await startTestPipeline(t, 'replay-events', {});
  const { topics } = pipeline;
  const early = tracks('Early', 500);
  await sendEvents(pipeline, early);
  await untilCommands(pipeline, 500);
  // What is replayed once leaves markers of transactions on every partition.
  const first = await replay(pipeline, 'events', '--all', '--id', 'first', '--rate', '2000', '--execute');
  assert.deepEqual([first.read, first.matched, first.commands, first.skippedByLedger], [500, 500, 500, 500]);
  assert.deepEqual(first.events, { mapped: 500, skipped: 0, deadLettered: 0 });

  const fromMs = Date.now();
  const gone = { userId: 'gone', timestamp: new Date(fromMs - 60_000).toISOString() };
  await sendEvents(pipeline, [
    { ...gone, type: 'identify', messageId: 'gone-1', traits: { plan: 'pro' } },
    { ...gone, type: 'track', event: 'E', messageId: 'gone-2' },
  ]);
  await sendEvents(pipeline, tracks('Late', 1_200));
  await sendEvents(pipeline, [{ type: 'delete', userId: 'gone', messageId: 'gone-3' }]);
  await untilCommands(pipeline, 500 + 500 + 1_200 + 3);
  await untilDispatched(pipeline, MINUTE_MS);

  const untilMs = Date.now();
  const range = ['--to-datetime', new Date(fromMs).toISOString(), '--until-datetime', new Date(untilMs).toISOString()];
  const dry = await replay(pipeline, 'events', ...range, '--dry-run');
  assert.deepEqual([dry.read, dry.matched], [1_203, 1_203]);

  const wait = new Promise((resolve) => setTimeout(resolve, 12_000));
  const before = await sendLive(pipeline, 'Before', wait);
  await untilDispatched(pipeline, MINUTE_MS);
  const replaying = replay(pipeline, ...['events', ...range, '--id', 'late', '--rate', '100'], ...['--force', '--yes']);
  const during = await sendLive(pipeline, 'During', replaying);
  const report = await replaying;
  await untilDispatched(pipeline, MINUTE_MS);
  assert.deepEqual([report.read, report.matched, report.pending], [1_203, 1_203, 0]);
  // Of the suppressed user the deletion alone makes a command again.
  assert.deepEqual(report.events, { mapped: 1_201, skipped: 2, deadLettered: 0 });
  assert.deepEqual([report.commands, report.delivered, report.skippedByLedger], [1_201, 1_201, 0]);
  const p99 = async (name: string): Promise<number> => percentile(await freshnessOfLive(pipeline, name), 0.99);
  const [p99Before, p99During] = [await p99('Before'), await p99('During')];
  t.diagnostic(
    `live p99 freshness: ${p99Before} ms before (${before} events), ${p99During} ms during (${during} events)`,
  );
  assert.equal((await freshnessOfLive(pipeline, 'During')).length, during);
  assert.equal(copiesBySource(await recordsOn(pipeline, topics.segmentEvents.name), 'late').size, 1_203);
});
