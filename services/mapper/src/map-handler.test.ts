import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createCommandEncoder,
  createInMemoryLog,
  headerText,
  topicsFor,
  type ConsumedRecord,
  type OutgoingRecord,
  type RecordProducer,
} from '@astrolabe/kafka';
import { commandKinds, decodeCommand, type CommandKind } from '@astrolabe/schemas';
import { PipelineError, createLogger, createManualClock, createMetrics } from '@astrolabe/service-kit';
import { commandId } from './core/command-id.ts';
import { createMapHandler } from './map-handler.ts';
import { createMapperMetrics } from './mapper-metrics.ts';
import { eventRecord } from './testing/events.ts';

const topics = topicsFor();
const schemaIds = new Map(commandKinds.map((kind, index) => [kind, index + 1]));
const kinds = new Map(commandKinds.map((kind, index) => [index + 1, kind]));
const unavailable = new PipelineError('kafka.unavailable', 'no broker', { retryable: true });

/** A handler on a log in memory, with each effect, and the end of the batch, in order. */
function createHandler(options: { maxRecordBytes?: number } = {}) {
  const effects: string[] = [];
  const log = createInMemoryLog();
  const producer: RecordProducer = {
    send: async (topic, records) => {
      const positions = await log.send(topic, records);
      if (records.length > 0) effects.push(`stored ${records.length} on ${topic}`);
      return positions;
    },
    close: () => log.close(),
  };
  const clock = createManualClock();
  const metrics = createMetrics({ service: 'mapper' });
  const mapperMetrics = createMapperMetrics(metrics);
  const handle = createMapHandler({
    producer,
    encoder: createCommandEncoder(schemaIds),
    topics,
    groupId: 'mapper',
    clock,
    random: () => 0.5,
    logger: createLogger({ name: 'mapper', level: 'silent' }),
    metrics: mapperMetrics,
    maxRecordBytes: options.maxRecordBytes ?? 1_000_000,
  });
  const run = async (records: readonly ConsumedRecord[], signal = new AbortController().signal) => {
    await handle(records, signal);
    // Only when this is reached does the caller commit.
    effects.push('committed');
  };
  const outcomes = async () => {
    const { values } = await mapperMetrics.events.get();
    return values
      .filter(({ value }) => value > 0)
      .map(({ labels, value }) => `${labels.type} ${labels.outcome} ${labels.reason} ${value}`.replace('  ', ' '))
      .sort();
  };
  const commands = () => log.records(topics.commands.name).map(decodedOf);
  return { effects, log, clock, run, outcomes, commands };
}

function decodedOf({ value }: OutgoingRecord) {
  assert.ok(value);
  const kind = kinds.get(value.readInt32BE(1));
  assert.ok(kind);
  return decodeCommand(kind, value.subarray(5));
}

function identify(userId: string, more: object = {}): object {
  return { type: 'identify', userId, messageId: `m-${userId}`, ...more };
}

test('commands and dead letters of a batch are stored before it is committed', async () => {
  const { effects, run, log, outcomes } = createHandler();
  await run([
    eventRecord(identify('a')),
    eventRecord('poison', { offset: 1n, partition: 3 }),
    eventRecord({ type: 'page', userId: 'a', messageId: 'p' }, { offset: 2n }),
    eventRecord({ type: 'group', groupId: 'g', userId: 'a', messageId: 'g-1' }, { offset: 3n }),
  ]);
  assert.deepEqual(effects, ['stored 3 on astrolabe.commands.v1', 'stored 1 on segment.events.dlq.v1', 'committed']);
  const [letter] = log.records(topics.segmentEventsDeadLetters.name);
  assert.ok(letter);
  assert.equal(letter.value?.toString(), 'poison');
  assert.equal(letter.partition, 3);
  assert.equal(headerText(letter, 'dlq.code'), 'event.invalid-json');
  assert.equal(headerText(letter, 'dlq.offset'), '1');
  assert.equal(headerText(letter, 'dlq.group'), 'mapper');
  assert.deepEqual(await outcomes(), [
    'group mapped 1',
    'identify mapped 1',
    'page skipped unsupported-type 1',
    'unknown dead-lettered event.invalid-json 1',
  ]);
});

test('commands of one key are stored in the order of their events', async () => {
  const { run, commands } = createHandler();
  const batch = Array.from({ length: 50 }, (_, index) => eventRecord(identify('a', { traits: { index } })));
  await run(batch);
  assert.deepEqual(
    commands().map((command) => (command.kind === 'UpsertUser' ? command.record.properties['index'] : undefined)),
    batch.map((_, index) => index),
  );
});

test('an event that is repeated gives the same commands with the same ids', async () => {
  const { run, commands } = createHandler();
  const record = eventRecord(identify('a'));
  await run([record]);
  await run([record]);
  const [first, again] = commands();
  assert.deepEqual(first, again);
  assert.equal(first?.record.commandId, commandId('acme', 'm-a', 'UpsertUser'));
});

test('while the brokers are away a batch is produced again and again, in order, and nothing is committed', async () => {
  const { effects, run, log, clock, commands, outcomes } = createHandler();
  log.failWith(unavailable);
  const running = run([eventRecord(identify('a')), eventRecord('poison', { offset: 1n })]);
  const pauses: number[] = [];
  for (let attempt = 0; attempt < 8; attempt += 1) pauses.push(await clock.advanceToNextSleep());
  assert.deepEqual(pauses, [50, 100, 200, 400, 800, 1_600, 2_500, 2_500]);
  assert.deepEqual([effects, await outcomes()], [[], []]);
  log.failWith(undefined);
  await clock.advanceToNextSleep();
  await running;
  assert.deepEqual(effects, ['stored 1 on astrolabe.commands.v1', 'stored 1 on segment.events.dlq.v1', 'committed']);
  assert.equal(commands().length, 1);
});

test('a dead-letter topic that is away stalls the batch and loses nothing', async () => {
  const { effects, run, log, clock } = createHandler();
  const running = run([eventRecord('poison')]);
  log.failWith(unavailable);
  await clock.untilSleeping();
  assert.deepEqual(effects, []);
  log.failWith(undefined);
  await clock.advanceToNextSleep();
  await running;
  assert.deepEqual(effects, ['stored 1 on segment.events.dlq.v1', 'committed']);
});

test('a refusal that no repetition mends is a fault: nothing is committed', async () => {
  const { effects, run, log } = createHandler();
  const fault = new PipelineError('kafka.request-refused', 'not authorized', { retryable: false });
  log.failWith(fault);
  await assert.rejects(run([eventRecord(identify('a'))]), fault);
  assert.deepEqual(effects, []);
});

test('a batch whose session ends while it waits is abandoned, uncommitted', async () => {
  const { effects, run, log, clock } = createHandler();
  const over = new AbortController();
  log.failWith(unavailable);
  const running = run([eventRecord(identify('a'))], over.signal);
  await clock.untilSleeping();
  const reason = new Error('partition lost');
  over.abort(reason);
  await assert.rejects(running, reason);
  assert.deepEqual(effects, []);
});

test('a batch whose session ends in the middle of a send is abandoned at once: the next owner must not wait for the brokers', async () => {
  const { effects, run, log } = createHandler();
  const { release } = log.hold();
  const over = new AbortController();
  const running = run([eventRecord(identify('a'))], over.signal);
  const reason = new Error('partition lost');
  over.abort(reason);
  await assert.rejects(running, reason);
  release();
  assert.deepEqual(effects, []);
});

test('an event whose command is too large for the topic is dead-lettered as a whole, and the others go on', async () => {
  const { run, log, commands, outcomes } = createHandler({ maxRecordBytes: 1_000 });
  await run([
    eventRecord({ type: 'group', groupId: 'g', userId: 'a', messageId: 'g-1', traits: { long: 'x'.repeat(1_000) } }),
    eventRecord(identify('b'), { offset: 1n }),
  ]);
  assert.deepEqual(
    commands().map(({ kind }): CommandKind => kind),
    ['UpsertUser'],
  );
  const [letter] = log.records(topics.segmentEventsDeadLetters.name);
  assert.ok(letter);
  assert.equal(headerText(letter, 'dlq.code'), 'kafka.record-too-large');
  assert.match(headerText(letter, 'dlq.message') ?? '', /^a command of \d+ bytes is over the limit of 1000$/);
  assert.deepEqual(await outcomes(), ['group dead-lettered kafka.record-too-large 1', 'identify mapped 1']);
});

test('an event with a value that Avro cannot hold is dead-lettered with the place of the value', async () => {
  const { run, log } = createHandler();
  await run([eventRecord('{"type":"identify","userId":"a","traits":{"n":18446744073709551616}}')]);
  const [letter] = log.records(topics.segmentEventsDeadLetters.name);
  assert.ok(letter);
  assert.equal(headerText(letter, 'dlq.code'), 'event.unmappable');
  assert.match(headerText(letter, 'dlq.message') ?? '', /^traits\/n: /);
});

test('every record of a batch is counted exactly once, and only when all of it is stored', async () => {
  const { run, log, clock, outcomes } = createHandler();
  log.failWith(unavailable);
  const running = run([
    eventRecord(identify('a')),
    eventRecord(identify('b', { integrations: { All: false } }), { offset: 1n }),
    eventRecord('[]', { offset: 2n }),
  ]);
  await clock.untilSleeping();
  assert.deepEqual(await outcomes(), []);
  log.failWith(undefined);
  await clock.advanceToNextSleep();
  await running;
  assert.deepEqual(await outcomes(), [
    'identify mapped 1',
    'identify skipped integration-disabled 1',
    'unknown dead-lettered event.invalid 1',
  ]);
});
