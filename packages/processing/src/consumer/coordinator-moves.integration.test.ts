/**
 * What becomes of members when the coordinator of their group moves to another broker, is not ready yet, or falls
 * silent: a cluster of three brokers of its own.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, mock, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKafkaAdmin, createRecordProducer } from '@astrolabe/kafka';
import { clientOf } from '@astrolabe/kafka/internal';
import { connect, loadPatched, silentLogger, topicDefinition } from '@astrolabe/kafka/testing';
import { startLocalCluster, type LocalCluster } from '@astrolabe/testkit';
import { createGroup, done, lanes } from '../testing/test-group.ts';
import type { GroupConsumer, GroupConsumerOptions } from './group-consumer-options.ts';

const PARTITIONS = 4;
const SESSION_TIMEOUT_MS = 6_000;
const CLIENT = 'member';

let cluster: LocalCluster;
before(async () => {
  cluster = await startLocalCluster({ env: process.env, brokers: 3, clients: [CLIENT] });
});
after(() => cluster.stop());

const connectDirectly = () => connect(cluster.kafkaBrokers.split(','));
const connectThroughProxies = () => connect(cluster.kafkaBrokersOf(CLIENT).split(','));

async function createTopic(): Promise<string> {
  const name = `test-${randomUUID()}`;
  const admin = await createKafkaAdmin(connectDirectly());
  await admin.applyTopics(await admin.planTopics([topicDefinition(name, { partitions: PARTITIONS })], 3));
  await admin.close();
  return name;
}

/** Sends a record to each partition in turn, until it is stopped. */
async function startTraffic(t: TestContext, topic: string) {
  const producer = await createRecordProducer({ connection: connectDirectly(), logger: silentLogger });
  const sent = new Array<number>(PARTITIONS).fill(0);
  let isStopped = false;
  const sending = (async () => {
    for (let number = 0; !isStopped; number += 1) {
      const partition = number % PARTITIONS;
      const value = Buffer.from(String(number));
      await producer.send(topic, [{ key: value, value, headers: {}, partition }]);
      sent[partition] = (sent[partition] ?? 0) + 1;
      await sleep(5);
    }
  })();
  const stop = async (): Promise<void> => {
    isStopped = true;
    await sending;
    await producer.close();
  };
  t.after(stop);
  return { sent, stop };
}

/** What the sessions of all members have handled. */
function createRecorder() {
  const handled = new Set<string>();
  const repeatedInASession: string[] = [];
  const createProcessor: GroupConsumerOptions['createProcessor'] = (session) => {
    const here = new Set<bigint>();
    return lanes(async ({ offset }) => {
      const name = `${session.partition}:${offset}`;
      if (here.has(offset)) repeatedInASession.push(name);
      here.add(offset);
      handled.add(name);
    })(session);
  };
  const assertAllHandled = (sent: readonly number[]): void => {
    const all = sent.flatMap((count, partition) =>
      Array.from({ length: count }, (_, offset) => `${partition}:${offset}`),
    );
    const missing = all.filter((name) => !handled.has(name));
    assert.deepEqual([missing, repeatedInASession], [[], []]);
  };
  return { createProcessor, assertAllHandled };
}

/** The coordinator answers the test no better than the members. */
async function onceItAnswers<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const { retryable, retriable } = error as { readonly retryable?: boolean; readonly retriable?: boolean };
      if (retryable !== true && retriable !== true) throw error;
      await sleep(50);
    }
  }
}

type Group = Awaited<ReturnType<typeof createGroup>>;

/** Everything that has been sent so far is committed. */
async function untilCaughtUp({ admin, groupId }: Group, topic: string, sent: readonly number[]): Promise<void> {
  const wanted = [...sent];
  for (;;) {
    const commits = await onceItAnswers(() => admin.commits(groupId, topic));
    if (wanted.every((count, partition) => Number(commits.get(partition)?.nextOffset ?? 0n) >= count)) return;
    await sleep(50);
  }
}

/** As the brokers choose the partition of `__consumer_offsets` that holds a group: by Java's hash of a string. */
function partitionOf(groupId: string, partitions: number): number {
  let hash = 0;
  for (const character of groupId) hash = (Math.imul(31, hash) + (character.codePointAt(0) ?? 0)) | 0;
  return Math.abs(hash) % partitions;
}

/** Reassigns the group's partition of `__consumer_offsets` to the brokers that do not lead it: another one has to. */
async function moveCoordinator(groupId: string): Promise<void> {
  const topic = '__consumer_offsets';
  const admin = clientOf(connectDirectly()).admin();
  await admin.connect();
  try {
    const look = async () => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const partitions = topics[0]?.partitions ?? [];
      const partition = partitionOf(groupId, partitions.length);
      return { partition, leader: partitions.find(({ partitionId }) => partitionId === partition)?.leader };
    };
    const { partition, leader } = await look();
    const replicas = cluster.brokers.map(({ nodeId }) => nodeId).filter((nodeId) => nodeId !== leader);
    await admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment: [{ partition, replicas }] }] });
    while ((await look()).leader === leader) await sleep(50);
  } finally {
    await admin.disconnect();
  }
}

type GroupRequest = 'JoinGroup' | 'SyncGroup' | 'Heartbeat' | 'OffsetCommit';
type Refusals = Readonly<Partial<Record<GroupRequest, readonly number[]>>>;
type Send = (call: { readonly request: { readonly apiName: string } }) => Promise<unknown>;

/** The next requests of the members are answered with these codes before a broker is asked. */
function createRefusals(t: TestContext) {
  const { createErrorFromCode } = loadPatched<{ createErrorFromCode(code: number): Error }>('protocol/error');
  const { prototype } = loadPatched<{ prototype: { send: Send } }>('network/connectionPool');
  const next = new Map<string, number[]>();
  const { send } = prototype;
  const refusing = mock.method(prototype, 'send', async function (this: object, call: Parameters<Send>[0]) {
    const code = next.get(call.request.apiName)?.shift();
    if (code !== undefined) throw createErrorFromCode(code);
    return send.call(this, call);
  });
  t.after(() => refusing.mock.restore());
  return (codes: Refusals): void => {
    for (const [name, added] of Object.entries(codes)) next.set(name, [...(next.get(name) ?? []), ...added]);
  };
}

async function untilStable({ groupId }: Group, members: readonly GroupConsumer[]): Promise<void> {
  const admin = clientOf(connectDirectly()).admin();
  await admin.connect();
  try {
    for (;;) {
      const { groups } = await onceItAnswers(() => admin.describeGroups([groupId]));
      const isStable = groups[0]?.state === 'Stable' && groups[0].members.length === members.length;
      const assigned = members.flatMap((member) => member.assignment()).toSorted();
      if (isStable && members.every((member) => member.isRunning()) && assigned.length === PARTITIONS) break;
      await sleep(100);
    }
  } finally {
    await admin.disconnect();
  }
}

/** What is answered while the coordinator moves, one after the other. */
const moves: readonly Refusals[] = [
  {},
  { JoinGroup: [14, 15, 16, 14], SyncGroup: [14, 27] },
  { Heartbeat: [14, 15], OffsetCommit: [15, 14, 16, 25], SyncGroup: [16, 15] },
];

test('a member whose coordinator moves joins again, whatever the coordinators answer meanwhile, and commits to the new one', async (t) => {
  for (const kind of ['plain', 'static'] as const) {
    await t.test(`${kind} members`, async (t) => {
      const topic = await createTopic();
      const group = await createGroup(t, topic, connectDirectly);
      const { createProcessor, assertAllHandled } = createRecorder();
      const options = { sessionTimeoutMs: SESSION_TIMEOUT_MS, createProcessor };
      const nameOf = (name: string) => (kind === 'static' ? { instanceId: name } : {});
      const members = [
        await group.join(done, { ...options, ...nameOf('a') }),
        await group.join(done, { ...options, ...nameOf('b') }),
      ];
      const traffic = await startTraffic(t, topic);
      await untilStable(group, members);
      const refuse = createRefusals(t);
      for (const codes of moves) {
        await untilCaughtUp(group, topic, traffic.sent);
        refuse(codes);
        await moveCoordinator(group.groupId);
        await untilCaughtUp(group, topic, traffic.sent);
        await untilStable(group, members);
      }
      await traffic.stop();
      await untilCaughtUp(group, topic, traffic.sent);
      assertAllHandled(traffic.sent);
      assert.deepEqual(group.faults, []);
    });
  }
});

test('a member that its group does not answer for the session time-out works on nothing, and joins again until it has joined', async (t) => {
  const topic = await createTopic();
  const group = await createGroup(t, topic, connectDirectly);
  const { createProcessor, assertAllHandled } = createRecorder();
  const options = { sessionTimeoutMs: SESSION_TIMEOUT_MS, createProcessor };
  const faults: unknown[] = [];
  const warn = ({ err }: { readonly err?: { readonly code?: unknown } }) => void faults.push(err?.code);
  const logger = Object.assign(Object.create(silentLogger) as typeof silentLogger, { warn });
  const cutOff = await group.join(done, { ...options, logger, connection: connectThroughProxies() });
  const other = await group.join(done, options);
  const traffic = await startTraffic(t, topic);
  await untilStable(group, [cutOff, other]);
  const proxies = cluster.brokers.flatMap(({ clients }) => [...clients.values()]);
  t.after(() => proxies.forEach((proxy) => proxy.resume()));

  for (const proxy of proxies) proxy.blackhole();
  while (cutOff.isRunning()) await sleep(20);
  assert.match(String(cutOff.trouble()), /has not answered for the session time-out of 6000 ms/);
  assert.deepEqual([cutOff.assignment(), faults], [[], ['kafka.session-lost']]);
  while (other.assignment().length < PARTITIONS) await sleep(20);
  await untilCaughtUp(group, topic, traffic.sent);

  for (const proxy of proxies) proxy.resume();
  await untilStable(group, [cutOff, other]);
  assert.equal(cutOff.trouble(), undefined);
  await untilCaughtUp(group, topic, traffic.sent);
  await traffic.stop();
  await untilCaughtUp(group, topic, traffic.sent);
  assertAllHandled(traffic.sent);
  assert.deepEqual(group.faults, []);
});
