/** How partitions pass from one member of a group to another: restarts, kills, instances that come and go. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { clientOf } from '@astrolabe/kafka/internal';
import { connect, createTopic, joinAndFallSilent } from '@astrolabe/kafka/testing';
import { eventually } from '@astrolabe/testkit';
import { createGroup, done, lanes, produce, type Handle } from '../testing/test-group.ts';
import type { GroupConsumer, GroupConsumerOptions } from './group-consumer-options.ts';

const SESSION_TIMEOUT_MS = 6_000;
/** So rarely that no test hears of a rebalance by the clock. */
const RARELY_MS = 2_000;

/** The sessions that a member begins, as `partition.epoch`. */
function countedSessions(handle: Handle, options: Partial<GroupConsumerOptions> = {}) {
  const begun: string[] = [];
  const createProcessor: GroupConsumerOptions['createProcessor'] = (session) => {
    begun.push(`${session.partition}.${session.epoch}`);
    return lanes(handle)(session);
  };
  return { begun, options: { sessionTimeoutMs: SESSION_TIMEOUT_MS, createProcessor, ...options } };
}

async function untilAssigned(consumer: GroupConsumer, count: number): Promise<void> {
  while (consumer.assignment().length !== count) await sleep(10);
}

async function openAdmin(t: TestContext) {
  const admin = clientOf(connect()).admin();
  await admin.connect();
  t.after(() => admin.disconnect());
  return admin;
}

test('a member that joins takes its share and no more: the others keep the rest, and go on with it', async (t) => {
  const topic = await createTopic(t, { partitions: 5 });
  const group = await createGroup(t, topic);
  const first = countedSessions(done);
  const one = await group.join(done, first.options);
  await untilAssigned(one, 5);
  const two = await group.join(done, first.options);
  await untilAssigned(one, 3);
  assert.deepEqual(
    [one.assignment(), two.assignment()],
    [
      [0, 1, 2],
      [3, 4],
    ],
  );
  const three = await group.join(done, first.options);
  await untilAssigned(one, 2);
  assert.deepEqual([one.assignment(), two.assignment(), three.assignment()], [[0, 1], [3, 4], [2]]);
  // Five of the first, two of the second, one of the third: none began a second time.
  assert.equal(first.begun.length, 8);
});

test('a static member that comes back within the session time-out gets its partitions without a rebalance', async (t) => {
  const topic = await createTopic(t, { partitions: 4 });
  const group = await createGroup(t, topic);
  const survivor = countedSessions(done, { instanceId: 'survivor' });
  const one = await group.join(done, survivor.options);
  const silent = { groupId: group.groupId, topic, instanceId: 'x', sessionTimeoutMs: 60_000 };
  const { partitions } = await joinAndFallSilent(silent);
  await untilAssigned(one, 2);
  assert.equal(partitions.length, 2);
  const seen: string[] = [];
  const back = await group.join(async ({ value }) => void seen.push(String(value)), {
    instanceId: 'x',
    sessionTimeoutMs: 60_000,
  });
  assert.deepEqual(back.assignment(), partitions);
  await produce(topic, ['a'], partitions[0]);
  await group.untilCommitted(1n, partitions[0]);
  assert.deepEqual(seen, ['a']);
  assert.equal(survivor.begun.length, 4);
  assert.deepEqual(group.faults, []);
});

test('a member without a name that joins after another was killed does not keep the others from their work', async (t) => {
  const topic = await createTopic(t, { partitions: 4 });
  const group = await createGroup(t, topic);
  const survivor = countedSessions(done);
  const one = await group.join(done, survivor.options);
  const lost = await joinAndFallSilent({ groupId: group.groupId, topic, sessionTimeoutMs: 60_000 });
  await untilAssigned(one, 2);
  const events: string[] = [];
  const joining = group.join(done, survivor.options).then((consumer) => {
    events.push('joined');
    return consumer;
  });
  const [kept = -1] = one.assignment();
  assert.ok(!lost.partitions.includes(kept));
  const admin = await openAdmin(t);
  await eventually(
    async () => (await admin.describeGroups([group.groupId])).groups[0]?.state === 'PreparingRebalance',
    { timeoutMs: 30_000, describe: 'the newcomer to wait for the one that was killed' },
  );
  for (let count = 1; count <= 20; count += 1) {
    await produce(topic, [String(count)], kept);
    await group.untilCommitted(BigInt(count), kept);
    events.push('committed');
  }
  assert.ok(!events.includes('joined'), events.join());
  await lost.end();
  await joining;
  await untilAssigned(one, 2);
  assert.deepEqual(group.faults, []);
});

test('a member that closes works until the others have its partitions, and they take them at once', async (t) => {
  const topic = await createTopic(t, { partitions: 4 });
  const group = await createGroup(t, topic);
  const handledBy = new Map<string, string>();
  const by =
    (name: string): Handle =>
    async ({ value }) =>
      void handledBy.set(String(value), name);
  const options = { sessionTimeoutMs: SESSION_TIMEOUT_MS, heartbeatIntervalMs: RARELY_MS };
  const leaver = await group.join(by('leaver'), options);
  const stayer = await group.join(by('stayer'), options);
  await untilAssigned(leaver, 2);
  const [moving = -1] = leaver.assignment();
  const closed = leaver.close(20_000);
  // The group rebalances: the other member has not heard of it yet.
  await produce(topic, ['while it leaves'], moving);
  while (!handledBy.has('while it leaves')) await sleep(5);
  await untilAssigned(stayer, 4);
  await produce(topic, ['after'], moving);
  await closed;
  while (!handledBy.has('after')) await sleep(5);
  assert.deepEqual(Object.fromEntries(handledBy), { 'while it leaves': 'leaver', after: 'stayer' });
  await untilAssigned(stayer, 4);
  assert.deepEqual(group.faults, []);
});

test('a member that closes finishes what it has begun, after the others have its partitions', async (t) => {
  const topic = await createTopic(t, { partitions: 2 });
  const group = await createGroup(t, topic);
  const begun = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const ends: string[] = [];
  const options = { sessionTimeoutMs: SESSION_TIMEOUT_MS };
  const leaver = await group.join(async (_, signal) => {
    signal.addEventListener('abort', () => ends.push('abandoned'));
    begun.resolve();
    await finish.promise;
    ends.push('finished');
  }, options);
  const stayer = await group.join(done, options);
  await untilAssigned(leaver, 1);
  await produce(topic, ['a'], leaver.assignment()[0]);
  await begun.promise;
  const closed = leaver.close(20_000);
  await untilAssigned(stayer, 2);
  finish.resolve();
  await closed;
  assert.equal(ends[0], 'finished');
});

test('an older process with the same instance name is told that it was replaced, and stops', async (t) => {
  const topic = await createTopic(t, { partitions: 2 });
  const group = await createGroup(t, topic);
  const stuck = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  t.after(() => stuck.resolve());
  const options = { sessionTimeoutMs: SESSION_TIMEOUT_MS, instanceId: 'mapper-0' };
  await produce(topic, ['a'], 0);
  const older = await group.join(async () => {
    begun.resolve();
    await stuck.promise;
  }, options);
  await begun.promise;
  const younger = await group.join(done, options);
  const fault = await group.faulted;
  assert.deepEqual([fault.code, fault.retryable], ['kafka.instance-fenced', false]);
  assert.match(fault.message, /KAFKA_GROUP_INSTANCE_ID.*give each instance a name of its own/);
  assert.deepEqual([older.assignment(), older.isRunning()], [[], false]);
  // What the older one finishes now is not committed by it: the younger one has read it again.
  stuck.resolve();
  await older.close(1_000);
  await group.untilCommitted(1n, 0);
  assert.deepEqual(younger.assignment(), [0, 1]);
  assert.equal(younger.isRunning(), true);
  assert.equal(group.faults.length, 1);
});

test('a static member that closes leaves its group: the others need not wait for its session to end', async (t) => {
  const topic = await createTopic(t, { partitions: 4 });
  const group = await createGroup(t, topic);
  const options = { sessionTimeoutMs: 60_000 };
  const leaver = await group.join(done, { ...options, instanceId: 'a' });
  const stayer = await group.join(done, { ...options, instanceId: 'b' });
  await untilAssigned(leaver, 2);
  await leaver.close(10_000);
  await untilAssigned(stayer, 4);
  const admin = await openAdmin(t);
  const { groups } = await admin.describeGroups([group.groupId]);
  assert.equal(groups[0]?.members.length, 1);
});
