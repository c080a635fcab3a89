import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createPartitionReader, createSchemaRegistry, readTopic } from '@astrolabe/kafka';
import { partitionFor, toDeadLetter, toHeaders, type ConsumedRecord, type DeadLetterCause } from '@astrolabe/records';
import { commandSchemasIn, createCommandEncoder } from '@astrolabe/records/serde';
import { commandId, type Command } from '@astrolabe/schemas';
import { commandTypes } from '@astrolabe/schemas/avro';
import { eventually, spawnGuarded } from '@astrolabe/testkit';
import { jsonLines, runAstrolabe } from '../testing/run-astrolabe.ts';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.ts';

interface Counts {
  readonly selected: number;
  readonly redriven: number;
  readonly edited: number;
  readonly alreadyRedriven: number;
  readonly exhausted: number;
  readonly refused: number;
  readonly missing: readonly string[];
}

function source(
  cluster: TestCluster,
  index: number,
  value: string,
  headers: Record<string, string> = {},
): ConsumedRecord {
  const key = Buffer.from(`["acme","user","u${index % 11}"]`);
  return {
    topic: cluster.topics.segmentEvents.name,
    partition: partitionFor(key, 6),
    offset: BigInt(index),
    timestampMs: Date.now(),
    key,
    value: Buffer.from(value),
    headers: toHeaders({
      'connector-id': index % 2 === 0 ? 'acme' : 'other',
      'message-id': `m${index}`,
      'received-at': '2026-03-01T10:00:00.000Z',
      ...headers,
    }),
  };
}

const cause = (code: DeadLetterCause['code'], group = 'mapper'): DeadLetterCause => ({
  code,
  message: `because of ${code}`,
  group,
  atMs: Date.now(),
});

const eventText = (index: number) =>
  JSON.stringify({ type: 'track', event: 'E', userId: `u${index % 11}`, messageId: `m${index}` });

async function writeDeadLetters(
  cluster: TestCluster,
  count: number,
  code: DeadLetterCause['code'],
  headers = {},
): Promise<void> {
  const deadLetters = Array.from({ length: count }, (_, index) =>
    toDeadLetter(source(cluster, index, eventText(index), headers), cause(code)),
  );
  await cluster.producer.send(cluster.topics.segmentEventsDeadLetters.name, deadLetters);
}

async function recordsOn(cluster: TestCluster, topic: string): Promise<ConsumedRecord[]> {
  const records: ConsumedRecord[] = [];
  await readTopic({ connection: cluster.connection, topic }, (record) => records.push(record));
  return records;
}

/** Two for each transaction: its mark and its marker. */
async function stableOffset({ connection }: TestCluster, topic: string): Promise<bigint> {
  const reader = createPartitionReader({ connection });
  try {
    return (await reader.offsets(topic, 0)).lastStableOffset;
  } finally {
    await reader.close();
  }
}

/**
 * Ids of the records on a topic once there are as many as expected: a transaction's markers are written after its
 * commit is answered.
 */
async function idsOn(cluster: TestCluster, topic: string, expected: number): Promise<readonly (string | undefined)[]> {
  const records = await eventually(
    async () => {
      const found = await recordsOn(cluster, topic);
      return found.length >= expected ? found : undefined;
    },
    { timeoutMs: 15_000, describe: `${expected} records on ${topic}` },
  );
  return records.map(({ headers }) => headers['message-id']?.toString());
}

async function waiting({ env }: TestCluster): Promise<{
  waiting: number;
  redriven: number;
  dismissed: number;
  groups: { code: string; connectorId: string; waiting: number }[];
}> {
  const [list] = jsonLines<Awaited<ReturnType<typeof waiting>>>(await runAstrolabe(['dlq', 'list', '--json'], env));
  return list ?? assert.fail('nothing was printed');
}

async function redrive(
  { env }: TestCluster,
  ...args: string[]
): Promise<{ exitCode: number; counts: Counts; stderr: string }> {
  const done = await runAstrolabe(['dlq', 'redrive', '--execute', '--json', ...args], env);
  const [counts] = jsonLines<Counts>(done);
  return { exitCode: done.exitCode, counts: counts ?? assert.fail(done.stderr), stderr: done.stderr };
}

test('list groups by cause and connector; redrive sends each selected dead letter back once, however often it is run', async (t) => {
  const cluster = await startTestCluster(t, 'dlq');
  await writeDeadLetters(cluster, 60, 'event.unmappable');
  await writeDeadLetters(cluster, 10, 'event.invalid');
  const before = await waiting(cluster);
  assert.deepEqual(
    before.groups.map(({ code, connectorId, waiting: count }) => [code, connectorId, count]).toSorted(),
    [
      ['event.invalid', 'acme', 5],
      ['event.invalid', 'other', 5],
      ['event.unmappable', 'acme', 30],
      ['event.unmappable', 'other', 30],
    ],
  );
  const planned = await runAstrolabe(['dlq', 'redrive', '--code', 'event.unmappable'], cluster.env);
  assert.equal(planned.exitCode, 2);
  assert.match(
    planned.stderr,
    /event\.unmappable +acme +30[\s\S]*Send 60 dead letters back to the source topics\? No terminal to confirm on/,
  );
  assert.equal((await runAstrolabe(['dlq', 'redrive', '--execute'], cluster.env)).exitCode, 2, 'a selection is named');

  const first = await redrive(cluster, '--code', 'event.unmappable');
  assert.equal(first.exitCode, 0);
  assert.deepEqual([first.counts.selected, first.counts.redriven], [60, 60]);
  const again = await runAstrolabe(['dlq', 'redrive', '--code', 'event.unmappable', '--execute'], cluster.env);
  assert.match(again.stdout, /No waiting dead letter is selected/);
  const all = await redrive(cluster, '--all');
  assert.deepEqual([all.counts.redriven, all.counts.alreadyRedriven], [10, 60]);

  await idsOn(cluster, cluster.topics.segmentEvents.name, 70);
  const back = await recordsOn(cluster, cluster.topics.segmentEvents.name);
  assert.equal(back.length, 70);
  assert.ok(back.every(({ key, partition }) => partition === partitionFor(key, 6)));
  assert.ok(
    back.every(({ headers }) => headers['redrive-count']?.toString() === '1' && headers['dlq.code'] === undefined),
  );
  assert.deepEqual(await waiting(cluster), { waiting: 0, redriven: 70, dismissed: 0, groups: [] });
});

test('a killed redrive leaves every dead letter sent and marked, or neither; the next one sends the rest', async (t) => {
  const cluster = await startTestCluster(t, 'dlq-kill');
  await writeDeadLetters(cluster, 300, 'event.unmappable');
  const main = new URL('../main.ts', import.meta.url).pathname;
  const running = await spawnGuarded({
    command: process.execPath,
    args: [main, 'dlq', 'redrive', '--all', '--rate', '20', '--execute'],
    env: { ...process.env, ...cluster.env },
    output: 'inherit',
    orphanGraceMs: 1_000,
  });
  await eventually(async () => (await stableOffset(cluster, cluster.topics.redrives.name)) >= 6n, {
    timeoutMs: 30_000,
    describe: 'three transactions of the redrive',
  });
  running.kill('SIGKILL');
  await running.exited;
  const rest = await redrive(cluster, '--all');
  assert.equal(rest.counts.redriven + rest.counts.alreadyRedriven, 300);
  assert.ok(rest.counts.alreadyRedriven > 0 && rest.counts.redriven > 0);
  const ids = await idsOn(cluster, cluster.topics.segmentEvents.name, 300);
  assert.deepEqual([ids.length, new Set(ids).size], [300, 300]);
});

test('two redrives of one selection at the same time send each dead letter once', async (t) => {
  const cluster = await startTestCluster(t, 'dlq-two');
  await writeDeadLetters(cluster, 200, 'event.unmappable');
  const both = await Promise.all(
    ['20', '30'].map((rate) =>
      runAstrolabe(['dlq', 'redrive', '--all', '--rate', rate, '--execute', '--json'], cluster.env),
    ),
  );
  assert.deepEqual(both.map(({ exitCode }) => exitCode).toSorted(), [0, 1]);
  assert.match(both.find(({ exitCode }) => exitCode === 1)?.stderr ?? '', /Another redrive has started and taken over/);
  const ids = await idsOn(cluster, cluster.topics.segmentEvents.name, 200);
  assert.deepEqual([ids.length, new Set(ids).size], [200, 200]);
});

test('a dead letter redriven too often is left, and one that ingest refused is left until it is edited', async (t) => {
  const cluster = await startTestCluster(t, 'dlq-edit');
  const topic = cluster.topics.segmentEventsDeadLetters.name;
  await writeDeadLetters(cluster, 4, 'event.unmappable', { 'redrive-count': '3', 'redrive-from': `${topic}:0:0` });
  const bad = source(cluster, 100, '{"type":"track","userId":"u1","big":12345678901234567890}');
  const { 'dlq.topic': _topic, ...headers } = toDeadLetter(bad, cause('event.invalid', 'ingest')).headers;
  await cluster.producer.send(topic, [{ key: bad.key, value: bad.value, headers }]);

  const left = await redrive(cluster, '--all');
  assert.equal(left.exitCode, 1);
  assert.deepEqual([left.counts.exhausted, left.counts.refused, left.counts.redriven], [4, 1, 0]);
  assert.equal((await redrive(cluster, '--code', 'event.unmappable', '--max-redrives', '4')).counts.redriven, 4);

  const folder = await mkdtemp(join(tmpdir(), 'dlq-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'dead-letters.ndjson');
  const exported = await runAstrolabe(['dlq', 'export', '--out', file], cluster.env);
  assert.equal(exported.exitCode, 0, exported.stderr);
  const text = await readFile(file, 'utf8');
  assert.match(
    text,
    /^\{"position":"[^"]+","at":"[^"]+","code":"event\.invalid".*"event":\{"type":"track","userId":"u1","big":12345678901234567890\}\}\n$/,
  );
  const untouched = await redrive(cluster, '--from-file', file);
  assert.deepEqual([untouched.exitCode, untouched.counts.refused], [1, 1]);
  await writeFile(file, text.replace('"userId":"u1"', '"userId":"u1","event":"E"'));
  const edited = await redrive(cluster, '--from-file', file);
  assert.equal(edited.exitCode, 0, edited.stderr);
  assert.deepEqual([edited.counts.redriven, edited.counts.edited, edited.counts.selected], [1, 1, 1]);
  const again = await runAstrolabe(['dlq', 'redrive', '--from-file', file, '--execute'], cluster.env);
  assert.match(again.stdout, /No waiting dead letter/);

  await idsOn(cluster, cluster.topics.segmentEvents.name, 5);
  const back = await recordsOn(cluster, cluster.topics.segmentEvents.name);
  const event = back.find(({ headers: own }) => own['message-id']?.toString() === 'm100');
  assert.match(
    event?.value?.toString() ?? '',
    /"big":12345678901234567890,"messageId":"m100","receivedAt":"2026-03-01T10:00:00\.000Z"/,
  );
});

test('a dead command is shown decoded, and an edit of its properties is written by its schema under the same id', async (t) => {
  const cluster = await startTestCluster(t, 'dlq-commands');
  await runAstrolabe(['schemas', 'apply', '--execute'], cluster.env);
  const registry = commandSchemasIn(createSchemaRegistry({ url: cluster.env['SCHEMA_REGISTRY_URL'] ?? '' }));
  const encoder = createCommandEncoder(await registry.commandIds(cluster.topics.commands.name));
  const command: Command = {
    kind: 'UpsertUser',
    record: {
      commandId: commandId('acme', 'm1', 'UpsertUser'),
      connectorId: 'acme',
      messageId: 'm1',
      occurredAt: 1,
      receivedAt: 2,
      userId: 'u1',
      properties: { plan: 'pro', big: 1234567890123456789n },
    },
  };
  const dead = { ...source(cluster, 0, ''), topic: cluster.topics.commands.name, value: encoder.encode(command) };
  await cluster.producer.send(cluster.topics.commandsDeadLetters.name, [
    toDeadLetter(
      { ...dead, headers: { ...dead.headers, ...toHeaders({ 'command-id': commandId('acme', 'm1', 'UpsertUser') }) } },
      { ...cause('api.rejected', 'dispatcher'), status: 422 },
    ),
  ]);
  const partition = dead.partition;
  const shown = await runAstrolabe(['dlq', 'show', `commands:${partition}:0`], cluster.env);
  assert.equal(shown.exitCode, 0, shown.stderr);
  for (const part of [
    /cause +api\.rejected/,
    /header dlq\.status +422/,
    /"big": 1234567890123456789/,
    /state +waiting/,
  ])
    assert.match(shown.stdout, part);

  const line = (await runAstrolabe(['dlq', 'export', '--topic', 'commands'], cluster.env)).stdout;
  const folder = await mkdtemp(join(tmpdir(), 'dlq-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'commands.ndjson');
  await writeFile(file, line.replace('"userId":"u1"', '"userId":"u2"'));
  const other = await redrive(cluster, '--from-file', file);
  assert.match(other.stderr, /userId of a command must not change/);
  await writeFile(file, line.replace('"plan":"pro"', '"plan":"free"'));
  assert.deepEqual((await redrive(cluster, '--from-file', file)).counts.edited, 1);
  await idsOn(cluster, cluster.topics.commands.name, 1);
  const [back] = await recordsOn(cluster, cluster.topics.commands.name);
  assert.ok(back?.value);
  const decoded = commandTypes.UpsertUser.fromBuffer(back.value.subarray(5)) as {
    commandId: string;
    properties: unknown;
  };
  assert.equal(decoded.commandId, commandId('acme', 'm1', 'UpsertUser'));
  assert.deepEqual({ ...(decoded.properties as object) }, { plan: 'free', big: 1234567890123456789n });
  const after = await runAstrolabe(['dlq', 'show', `commands:${partition}:0`, '--json'], cluster.env);
  assert.equal((JSON.parse(after.stdout) as { state: string }).state, 'redriven');
  const nowhere = await runAstrolabe(['dlq', 'show', `commands:${partition}:5`], cluster.env);
  assert.match(nowhere.stderr, /There is no dead letter at .*; the partition has offsets 0 to 0/);
});
