import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKafkaAdmin, createRecordProducer, type KafkaAdmin } from '@astrolabe/kafka';
import { openTransactionSession, type TransactionSession } from '@astrolabe/kafka/internal';
import { connect, readAll, silentLogger, topicDefinition } from '@astrolabe/kafka/testing';
import { claimRecord, type ChangelogStore, type ConsumedRecord, type OutgoingRecord } from '@astrolabe/records';
import { openChangelogStore } from '../changelog/kafka-changelog-store.ts';
import { SKIPPED, countedOnce, stateOf } from '../testing/counting.ts';
import { startCountingMember, type CountingMember, type CountingTopics } from '../testing/counting-member.ts';

const PARTITIONS = 3;

interface Pipeline extends CountingTopics {
  append(records: readonly { readonly key: string; readonly value: string }[]): Promise<void>;
  join(): Promise<CountingMember>;
  /** Of a process of its own. */
  openChangelog(): Promise<ChangelogStore>;
  /** Waits until the group has committed everything. */
  untilDone(): Promise<void>;
  commits(): ReturnType<KafkaAdmin['commits']>;
  setOffset(partition: number, offset: bigint): Promise<void>;
  /** Outputs and state by partition are those of one pass over the input. */
  assertCountedOnce(): Promise<void>;
}

async function createPipeline(t: TestContext): Promise<Pipeline> {
  const id = randomUUID();
  const topics = {
    input: `test-in-${id}`,
    output: `test-out-${id}`,
    changelogTopic: `test-state-${id}`,
    groupId: `group-${id}`,
  };
  const { input, output, changelogTopic, groupId } = topics;
  const admin = await createKafkaAdmin(connect());
  const definitions = [input, output, changelogTopic].map((name) => topicDefinition(name, { partitions: PARTITIONS }));
  await admin.applyTopics(await admin.planTopics(definitions, 1));
  const producer = await createRecordProducer({ connection: connect(), logger: silentLogger });
  const members: CountingMember[] = [];
  t.after(async () => {
    await Promise.all(members.map((member) => member.leave(0)));
    await producer.close();
    await admin.deleteTopics([input, output, changelogTopic]);
    await admin.close();
  });
  const commits = () => admin.commits(groupId, input);
  return {
    ...topics,
    append: async (records) => {
      await producer.send(
        input,
        records.map(({ key, value }) => ({ key: Buffer.from(key), value: Buffer.from(value), headers: {} })),
      );
    },
    join: async () => {
      const member = await startCountingMember({ connect, ...topics });
      members.push(member);
      return member;
    },
    openChangelog: () =>
      openChangelogStore({
        connection: connect(),
        groupId,
        changelogTopic,
        guarantee: 'exactly-once',
        logger: silentLogger,
      }),
    untilDone: async () => {
      const ends = (await admin.watermarks(input)).filter(({ highWatermark }) => highWatermark > 0n);
      for (;;) {
        const committed = await commits();
        if (ends.every(({ partition, highWatermark }) => committed.get(partition)?.nextOffset === highWatermark))
          return;
        await sleep(20);
      }
    },
    commits,
    setOffset: (partition, offset) => admin.setOffsets(groupId, input, new Map([[partition, offset]])),
    assertCountedOnce: () => assertCountedOnce(topics),
  };
}

async function assertCountedOnce({ input, output, changelogTopic }: CountingTopics): Promise<void> {
  const [inputs, outputs, states] = await Promise.all([input, output, changelogTopic].map(readPartitions));
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const expected = countedOnce(inputs?.[partition] ?? []);
    assert.deepEqual(
      outputs?.[partition]?.map(({ value }) => String(value)),
      expected.outputs,
    );
    assert.deepEqual(stateOf(states?.[partition] ?? []), expected.state);
  }
}

async function readPartitions(topic: string): Promise<readonly (readonly ConsumedRecord[])[]> {
  const records = await readAll(topic);
  return Array.from({ length: PARTITIONS }, (_, partition) => records.filter((each) => each.partition === partition));
}

const recordsOf = (count: number, first = 0) =>
  Array.from({ length: count }, (_, index) => ({
    key: `k${(index * 7) % 40}`,
    value: index % 11 === 0 ? SKIPPED : String(first + index),
  }));

test('in every order of crash, rebalance, zombie, lost or ambiguous write and outage: each record is counted once, in order, and the state is that of one pass', async (t) => {
  const pipeline = await createPipeline(t);
  let current = await pipeline.join();
  const appended = (async () => {
    for (let batch = 0; batch < 60; batch += 1) {
      await pipeline.append(recordsOf(100, batch * 100));
      await sleep(40);
    }
  })();
  const signal = new AbortController().signal;
  for (let round = 0; round < 6; round += 1) {
    const partition = round % PARTITIONS;
    // A stranger takes a partition over in the middle of its transactions, and goes away.
    const stranger = await pipeline.openChangelog();
    const taken = await stranger.takeOver({ topic: pipeline.input, partition }, () => undefined, signal);
    if (taken.kind === 'owned') await taken.writer.close();
    await stranger.close();
    const next = await pipeline.join();
    await sleep(Math.random() * 200);
    await current.leave(round % 2 === 0 ? 0 : 2_000);
    current = next;
  }
  await appended;
  await pipeline.untilDone();
  await pipeline.assertCountedOnce();
});

test('a new owner restores the state before its first record', async (t) => {
  const pipeline = await createPipeline(t);
  const first = await pipeline.join();
  await pipeline.append(recordsOf(4_000));
  await pipeline.untilDone();
  await first.leave(2_000);
  await pipeline.append(recordsOf(500, 4_000));
  const second = await pipeline.join();
  await pipeline.untilDone();
  assert.deepEqual(second.restored.map(({ partition }) => partition).sort(), [0, 1, 2]);
  assert.ok(second.restored.every(({ keys, position }) => keys > 0 && position > 0n));
  assert.equal(second.stored.length, 500);
  await pipeline.assertCountedOnce();
});

/** An owner that has claimed partition 0, unless it is of the version that did not, and stops in a transaction. */
async function leaveOpen(pipeline: Pipeline, transactionalId: string, claims: boolean): Promise<TransactionSession> {
  const signal = new AbortController().signal;
  const session = await openTransactionSession({
    connection: connect(),
    transactionalId,
    transactionTimeoutMs: 60_000,
    signal,
  });
  const store = async (topic: string, record: OutgoingRecord): Promise<void> => {
    await session.lookUp([topic]);
    await session.add([{ topic, partition: 0 }]);
    const leader = session.leadersOf(topic)[0]?.leader ?? -1;
    await session.produce([{ leader, requests: [[{ topic, partition: 0, leader, records: [record] }]] }]);
  };
  if (claims) {
    const claim = { owner: randomUUID(), transactionalIds: [transactionalId] };
    await store(pipeline.changelogTopic, claimRecord(pipeline.groupId, claim, 0));
    await session.end(true);
  }
  const half = { key: null, value: Buffer.from('half'), headers: {} };
  await store(pipeline.output, half);
  await store(pipeline.changelogTopic, { ...half, key: Buffer.from('half') });
  return session;
}

for (const [version, claims] of [
  ['', true],
  [', also of a version without claims', false],
] as const) {
  test(`a transaction that its owner did not finish is invisible, and the next owner is not held up by it${version}`, async (t) => {
    const pipeline = await createPipeline(t);
    const id = claims ? `${pipeline.groupId}-dead-0` : `${pipeline.groupId}-${pipeline.input}-0-0`;
    const dead = await leaveOpen(pipeline, id, claims);
    await pipeline.append(recordsOf(100));
    await pipeline.join();
    await pipeline.untilDone();
    await pipeline.assertCountedOnce();
    await assert.rejects(dead.end(true), { type: 'INVALID_PRODUCER_EPOCH' });
    await dead.close();
    await pipeline.assertCountedOnce();
  });
}

test("an operator's offset is obeyed once: what follows it is done again, and a restart goes on from there", async (t) => {
  const pipeline = await createPipeline(t);
  const value = (index: number) => ({ key: 'k', value: String(index) });
  const first = await pipeline.join();
  await pipeline.append(Array.from({ length: 10 }, (_, index) => value(index)));
  await pipeline.untilDone();
  const partition = [...(await pipeline.commits())].find(([, { nextOffset }]) => nextOffset === 10n)?.[0] ?? -1;
  await first.leave(2_000);
  await pipeline.setOffset(partition, 7n);
  const second = await pipeline.join();
  await pipeline.untilDone();
  await second.leave(2_000);
  assert.deepEqual(second.stored, [7n, 8n, 9n]);
  const third = await pipeline.join();
  await pipeline.append([value(10)]);
  await pipeline.untilDone();
  await third.leave(2_000);
  assert.deepEqual(third.stored, [10n]);
});
