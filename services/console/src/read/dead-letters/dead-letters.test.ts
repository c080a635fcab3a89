import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { toDeadLetter } from '@astrolabe/records';
import { createManualClock } from '@astrolabe/service-kit/clock';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { showAll, type MaskText } from '../payload/payload.ts';
import { deadLetterGroupsShape, deadLetterRecordsShape, deadLetterShape } from '../shapes/dead-letters.ts';
import { createCountedCluster } from '../testing/counted-cluster.ts';
import { AT_MS, CommandBytes, commandRecord, deadEvent, upsertUser } from '../testing/records.ts';
import { parseCursor } from './core/page-cursor.ts';
import { DeadLetterWatch } from './dead-letter-watch.ts';
import { DeadLetterReads } from './dead-letters.ts';

const INTERVAL_MS = 2_000;

function setUp(t: TestContext, mask: MaskText = showAll) {
  const counted = createCountedCluster({ partitions: 2 });
  const clock = createManualClock();
  const bytes = new CommandBytes();
  const { clusters, cluster } = counted;
  const onFailure = (): void => undefined;
  const watch = new DeadLetterWatch({ clusters, clock, random: () => 0, onFailure, intervalMs: INTERVAL_MS });
  t.after(() => watch.close());
  const { topics, log } = cluster;
  const reads = new DeadLetterReads({ watch, clusters, topics, decoder: bytes.decoder(), mask });
  const until = async (state: string): Promise<void> => {
    while (reads.groups({}).index.state !== state) await turn();
  };
  const mark = (offsets: string, over: Readonly<Record<string, unknown>> = {}) =>
    log.send(topics.redrives.name, [
      {
        key: null,
        headers: {},
        partition: 0,
        value: Buffer.from(
          JSON.stringify({
            redriveId: 'run-1',
            at: '2026-01-01T12:00:00.000Z',
            topic: topics.segmentEventsDeadLetters.name,
            partition: 0,
            offsets,
            ...over,
          }),
        ),
      },
    ]);
  const look = async (): Promise<void> => {
    await clock.untilSleeping();
    await clock.advance(INTERVAL_MS);
    await clock.untilSleeping();
  };
  return { ...counted, clock, bytes, topics, log, watch, reads, until, mark, look };
}

const signal = new AbortController().signal;

test('dead letters are counted by cause and connector, with what the cause means, and decided ones apart', async (t) => {
  const { log, topics, reads, until, mark } = setUp(t);
  await log.send(topics.segmentEventsDeadLetters.name, [
    deadEvent('m1'),
    deadEvent('m2', { atMs: AT_MS + 1 }),
    deadEvent('m3', { code: 'event.invalid', connector: 'beta' }),
  ]);
  await mark('0');
  await until('following');
  const answer = deadLetterGroupsShape.parse(reads.groups({}));
  assert.deepEqual(
    answer.groups.map(({ code, connector, waiting, redriven }) => [code, connector, waiting, redriven]),
    [
      ['event.unmappable', 'acme', 1, 1],
      ['event.invalid', 'beta', 1, 0],
    ],
  );
  const [unmappable] = answer.groups;
  assert.equal(unmappable?.cause?.whoActs, 'sender');
  assert.match(unmappable.cause.meaning, /valid but cannot become a command/);
  assert.deepEqual(unmappable.sample, { message: 'no: m2', partition: 0, offset: '1' });
  assert.deepEqual([answer.waiting, answer.redriven, answer.dismissed], [2, 1, 0]);
  assert.equal(reads.groups({ connector: 'beta' }).groups.length, 1);
});

test('what comes and what is decided later is followed, and marks of an earlier topic of the name decide nothing', async (t) => {
  const { log, topics, reads, until, mark, look } = setUp(t);
  await until('following');
  assert.equal(reads.groups({}).waiting, 0);
  await log.send(topics.segmentEventsDeadLetters.name, [deadEvent('m1'), deadEvent('m2')]);
  await mark('0', { topicId: Buffer.from('of another topic').toString('base64url') });
  await look();
  assert.equal(reads.groups({}).waiting, 2);
  await mark('0-1', { kind: 'dismissed' });
  await look();
  const { waiting, dismissed } = reads.groups({});
  assert.deepEqual([waiting, dismissed], [0, 2]);
});

test('however many tabs look, a topic is read once, and at rest only watermarks are asked for', async (t) => {
  const { log, topics, reads, until, look, asked, cluster } = setUp(t);
  await log.send(topics.segmentEventsDeadLetters.name, [deadEvent('m1')]);
  for (let tab = 0; tab < 50; tab += 1) reads.groups({});
  await until('following');
  const read = `read ${topics.segmentEventsDeadLetters.name}`;
  assert.equal(asked.get(read), 1);
  for (let tab = 0; tab < 50; tab += 1) reads.records({}, undefined, 100);
  await look();
  await look();
  assert.equal(asked.get(read), 1);
  assert.equal(asked.get(`watermarks ${topics.segmentEventsDeadLetters.name}`), 3);
  assert.equal(asked.get(`read ${topics.commandsDeadLetters.name}`), undefined);
  assert.ok(cluster.topics.redrives.name.length > 0);
});

test('a failure is told beside what is known, and the index goes on where it was', async (t) => {
  const { log, topics, reads, until, look, failWith, clock, asked } = setUp(t);
  await log.send(topics.segmentEventsDeadLetters.name, [deadEvent('m1')]);
  await until('following');
  failWith(new PipelineError('kafka.unavailable', 'no broker answers', { retryable: true }));
  await clock.advance(INTERVAL_MS);
  await until('unavailable');
  const { index, waiting } = reads.groups({});
  assert.deepEqual([index.message, waiting], ['no broker answers', 1]);
  await log.send(topics.segmentEventsDeadLetters.name, [deadEvent('m2')]);
  failWith(undefined);
  await look();
  await until('following');
  assert.equal(reads.groups({}).waiting, 2);
  assert.equal(asked.get(`read ${topics.segmentEventsDeadLetters.name}`), 2);
});

test('a topic that was created again is read from its start', async (t) => {
  const { log, topics, reads, until, look, cluster } = setUp(t);
  await log.send(topics.segmentEventsDeadLetters.name, [deadEvent('m1')]);
  await until('following');
  cluster.recreate(topics.segmentEventsDeadLetters.name);
  await look();
  await until('following');
  assert.equal(reads.groups({}).waiting, 1);
});

test('pages hold positions, the newest first, and go on where they ended', async (t) => {
  const { log, topics, reads, until } = setUp(t);
  const many = Array.from({ length: 5 }, (_, index) => deadEvent(`m${index}`, { atMs: AT_MS + index }));
  await log.send(topics.segmentEventsDeadLetters.name, many);
  await until('following');
  const first = deadLetterRecordsShape.parse(reads.records({ state: 'waiting' }, undefined, 3));
  assert.deepEqual(
    first.records.map(({ offset }) => offset),
    ['4', '3', '2'],
  );
  const second = reads.records({ state: 'waiting' }, parseCursor(first.next ?? ''), 3);
  assert.deepEqual([second.records.map(({ offset }) => offset), second.next], [['1', '0'], undefined]);
});

test('one is shown in full, with its text as it is stored, and where values are masked without a line to edit', async (t) => {
  const hidesNothing: MaskText = (text) => text.replaceAll('of nobody', '***');
  for (const mask of [showAll, hidesNothing, (text: string) => text.replaceAll('u1', '***')]) {
    const isAllShown = mask === showAll || mask === hidesNothing;
    const { log, topics, reads } = setUp(t, mask);
    await log.send(topics.segmentEventsDeadLetters.name, [deadEvent('m1')]);
    const position = { role: 'events', topic: topics.segmentEventsDeadLetters.name, partition: 0 } as const;
    const found = await reads.one({ ...position, offset: 0n }, signal);
    assert.ok(found.kind === 'found');
    const shown = deadLetterShape.parse(found.deadLetter);
    assert.equal(JSON.stringify(shown).includes('u1'), isAllShown);
    assert.equal(shown.exportLine !== undefined, isAllShown);
    assert.deepEqual([shown.code, shown.state, shown.cause?.whoActs], ['event.unmappable', 'waiting', 'sender']);
    assert.equal((await reads.one({ ...position, offset: 9n }, signal)).kind, 'not-found');
  }
});

test('a dead command is shown with the call that it stands for, and never with a key', async (t) => {
  const { log, topics, reads, bytes } = setUp(t);
  const { key, value, headers } = commandRecord(upsertUser('m1', { n: 2n ** 63n - 1n }), bytes);
  const source = { topic: topics.commands.name, partition: 0, offset: 0n, timestampMs: AT_MS, key, value, headers };
  const cause = { code: 'api.rejected', message: 'no', group: 'dispatcher', atMs: AT_MS } as const;
  await log.send(topics.commandsDeadLetters.name, [{ ...toDeadLetter(source, cause), partition: 1 }]);
  const position = { role: 'commands', topic: topics.commandsDeadLetters.name, partition: 1, offset: 0n } as const;
  const found = await reads.one(position, signal);
  assert.ok(found.kind === 'found');
  const { request, stored, decoded } = deadLetterShape.parse(found.deadLetter);
  assert.equal(stored.kind, 'bytes');
  assert.match(decoded?.kind === 'text' ? decoded.text : '', /9223372036854775807/);
  assert.equal(request?.path, '/v1/users/u1');
  assert.match(request.body.kind === 'text' ? request.body.text : '', /"n":9223372036854775807/);
  const authorization = request.headers.find(({ name }) => name === 'authorization');
  assert.equal(authorization?.value, "Bearer (the connector's key)");
});
