import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKafkaAdmin, createPartitionReader, createRecordProducer } from '@astrolabe/kafka';
import { connect, readAll, silentLogger, topicDefinition } from '@astrolabe/kafka/testing';
import { orderRecord, readOf, type MapperProgress, type ReplayFollower, type ReplayOrder } from '@astrolabe/replay';
import { replayOrder } from '@astrolabe/replay/testing';
import { headerNames, headerText, toHeaders, type ConsumedRecord, type RecordProducer } from '@astrolabe/records';
import { systemClock } from '@astrolabe/service-kit/clock';
import { openChangelogStore } from '../changelog/kafka-changelog-store.ts';
import { SKIPPED, countedOnce, stateOf } from '../testing/counting.ts';
import { startCountingMember, type CountingMember } from '../testing/counting-member.ts';
import { countReplayed } from '../testing/replayed-counting.ts';
import { createReplayLanes } from './create-replay-lanes.ts';
import { openReplayFollower } from './open-replay-follower.ts';
import { createReplayPageReader } from './read-replay-page.ts';

const PARTITIONS = 3;

function createTopics() {
  const id = randomUUID();
  return {
    input: `test-in-${id}`,
    output: `test-out-${id}`,
    changelogTopic: `test-state-${id}`,
    replayed: `test-replayed-${id}`,
    replays: `test-replays-${id}`,
    groupId: `group-${id}`,
  };
}

type Topics = ReturnType<typeof createTopics>;

const surroundings = { clock: systemClock, random: Math.random, logger: silentLogger };

function follow(t: TestContext, { replays }: Topics): ReplayFollower {
  const follower = openReplayFollower({
    ...surroundings,
    connection: connect(),
    topic: replays,
    onFault: (fault) => assert.fail(fault as Error),
  });
  t.after(() => follower.close());
  return follower;
}

function join(t: TestContext, topics: Topics): Promise<CountingMember> {
  const reader = createPartitionReader({ connection: connect(), isPaged: true, maxFetchBytes: 20_000 });
  t.after(() => reader.close());
  const lanes = createReplayLanes<number, readonly bigint[]>({
    ...surroundings,
    follower: follow(t, topics),
    replaysTopic: topics.replays,
    readPage: createReplayPageReader({ ...surroundings, reader }),
    transform: countReplayed(topics.replayed),
    boundAfter: () => ({ records: 30, bytes: 100_000 }),
    stepRecords: 10,
  });
  return startCountingMember({ connect, ...topics, processor: () => ({ replays: lanes }) });
}

/** A stranger takes a partition over in the middle of its transactions, and goes away. */
async function disturb({ groupId, changelogTopic, input }: Topics, partition: number): Promise<void> {
  const changelog = await openChangelogStore({
    connection: connect(),
    groupId,
    changelogTopic,
    guarantee: 'exactly-once',
    logger: silentLogger,
  });
  const taken = await changelog.takeOver({ topic: input, partition }, () => undefined, new AbortController().signal);
  if (taken.kind === 'owned') await taken.writer.close();
  await changelog.close();
}

async function append(producer: RecordProducer, topic: string, count: number): Promise<void> {
  const records = Array.from({ length: count }, (_, index) => ({
    key: Buffer.from(`k${(index * 7) % 40}`),
    value: Buffer.from(index % 11 === 0 ? SKIPPED : String(index)),
    headers: toHeaders({ [headerNames.connectorId]: index % 2 === 0 ? 'even' : 'odd' }),
  }));
  await producer.send(topic, records);
}

async function untilOver(follower: ReplayFollower, { id, spans }: ReplayOrder): Promise<void> {
  const isOver = (): boolean => {
    const progress = follower.current().replays.get(id)?.mapper;
    return spans.every(({ partition, endOffset }) => (progress?.get(partition)?.nextOffset ?? 0n) >= endOffset);
  };
  while (!isOver()) await sleep(20);
}

const ofPartition = (records: readonly ConsumedRecord[], partition: number) =>
  records.filter((record) => record.partition === partition);

/** What the replay has left on the topics of a partition, against what it says of itself. */
function assertReplayedOnce(
  { id, request }: ReplayOrder,
  range: readonly ConsumedRecord[],
  outputs: readonly ConsumedRecord[],
  progress: MapperProgress | undefined,
): ReadonlyMap<string, string> {
  const matching = range.filter(
    (record) => request.connector?.includes(headerText(record, headerNames.connectorId) ?? '') ?? true,
  );
  const marked = matching.map(({ topic, partition, offset, timestampMs, key, value }) => {
    return { topic, partition, offset, timestampMs, key, value, headers: { [headerNames.replayId]: Buffer.from(id) } };
  });
  const states = new Map<string, number>();
  const expected = countReplayed('')(marked, {
    get: ({ id: key }) => states.get(key),
    set: ({ id: key }, value) => void states.set(key, value),
  });
  assert.deepEqual(
    outputs.map(({ value }) => String(value)),
    expected.outputs.map(({ value }) => String(value)),
  );
  assert.ok(progress !== undefined);
  assert.deepEqual([readOf(progress.counts), progress.commands], [range.length, outputs.length]);
  assert.equal(progress.counts.mapped + progress.counts.skipped, matching.length);
  return new Map([...states].map(([key, count]) => [key, String(count)]));
}

test('in every order of live records, replays, pauses, cancellations, crashes, rebalances, zombies, lost writes and retention: each record of a range has one effect, and live records go first', async (t) => {
  const topics = createTopics();
  const { input, output, changelogTopic, replayed, replays } = topics;
  const admin = await createKafkaAdmin(connect());
  const definitions = [input, output, changelogTopic, replayed].map((name) =>
    topicDefinition(name, { partitions: PARTITIONS }),
  );
  await admin.applyTopics(await admin.planTopics([...definitions, topicDefinition(replays, { partitions: 1 })], 1));
  const producer = await createRecordProducer({ connection: connect(), logger: silentLogger });
  t.after(async () => {
    await producer.close();
    await admin.deleteTopics([input, output, changelogTopic, replayed, replays]);
    await admin.close();
  });
  await append(producer, input, 6_000);
  const spans = (await admin.watermarks(input)).map(({ partition, highWatermark }) => {
    return { partition, fromOffset: 0n, endOffset: highWatermark };
  });
  const all = replayOrder({ id: 'all', spans });
  const odd = replayOrder({ id: 'odd', spans, request: { source: 'events', connector: ['odd'] } });
  const stopped = replayOrder({ id: 'stopped', spans, wanted: 'cancel' });
  const send = (order: ReplayOrder) => producer.send(replays, [orderRecord(order)]);
  const follower = follow(t, topics);
  let current = await join(t, topics);
  for (const order of [all, odd, stopped]) await send(order);
  for (let round = 0; round < 6; round += 1) {
    await append(producer, input, 100);
    await disturb(topics, round % PARTITIONS);
    if (round === 1) await send({ ...all, wanted: 'pause', changedAtMs: all.changedAtMs + 1 });
    if (round === 3) await send({ ...all, wanted: 'run', changedAtMs: all.changedAtMs + 2 });
    const next = await join(t, topics);
    await sleep(Math.random() * 200);
    await current.leave(round % 2 === 0 ? 0 : 2_000);
    current = next;
  }
  for (const order of [all, odd]) await untilOver(follower, order);
  await current.leave(5_000);

  const [inputs = [], outputs = [], states = [], again = []] = await Promise.all(
    [input, output, changelogTopic, replayed].map((topic) => readAll(topic)),
  );
  for (const { partition, endOffset } of spans) {
    const live = countedOnce(ofPartition(inputs, partition));
    assert.deepEqual(
      ofPartition(outputs, partition).map(({ value }) => String(value)),
      live.outputs,
    );
    const range = ofPartition(inputs, partition).filter(({ offset }) => offset < endOffset);
    const counted = [all, odd].flatMap((order) => {
      const own = ofPartition(again, partition).filter(
        (record) => headerText(record, headerNames.replayId) === order.id,
      );
      const { mapper } = follower.current().replays.get(order.id) ?? {};
      return [...assertReplayedOnce(order, range, own, mapper?.get(partition))];
    });
    assert.deepEqual(stateOf(ofPartition(states, partition)), new Map([...live.state, ...counted]));
  }
  assert.equal(
    again.some((record) => headerText(record, headerNames.replayId) === 'stopped'),
    false,
  );
});
