/** What becomes of a member after each answer that the coordinator of its group may give. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createMovingMember, type GroupAnswer, type GroupApi } from '../../../testing/moving-coordinator.ts';
import { loadOriginal, loadPatched } from '../../../testing/original-kafkajs.ts';

async function start(t: TestContext, load = loadPatched) {
  const member = createMovingMember(load);
  t.after(() => member.stop());
  await member.start();
  await member.until(() => member.asked.includes('heartbeat a'));
  return member;
}

type Member = Awaited<ReturnType<typeof start>>;

/** Commits until one is stored: it is refused as long as the member is outside of its group. */
async function untilCommitted(member: Member): Promise<string | undefined> {
  for (;;) {
    try {
      return await member.commit();
    } catch {
      await member.until(() => true);
    }
  }
}

const LOADING = 14;
const NOT_AVAILABLE = 15;
const NOT_COORDINATOR = 16;
const ILLEGAL_GENERATION = 22;
const UNKNOWN_MEMBER = 25;
const REBALANCE_IN_PROGRESS = 27;

/** Answers after which a member joins again. */
const joinsAgainAfter: Readonly<Record<GroupApi, readonly GroupAnswer[]>> = {
  find: [NOT_AVAILABLE, 'connection broken'],
  join: [LOADING, NOT_AVAILABLE, NOT_COORDINATOR, UNKNOWN_MEMBER, 'connection broken'],
  sync: [
    LOADING,
    NOT_AVAILABLE,
    NOT_COORDINATOR,
    ILLEGAL_GENERATION,
    UNKNOWN_MEMBER,
    REBALANCE_IN_PROGRESS,
    'connection broken',
  ],
  heartbeat: [LOADING, NOT_AVAILABLE, NOT_COORDINATOR, ILLEGAL_GENERATION, UNKNOWN_MEMBER, REBALANCE_IN_PROGRESS],
  offsetFetch: [LOADING, NOT_AVAILABLE, NOT_COORDINATOR],
  offsetCommit: [LOADING, NOT_AVAILABLE, NOT_COORDINATOR, ILLEGAL_GENERATION, UNKNOWN_MEMBER],
};

test('a member whose coordinator moves joins again, whatever the coordinators answer meanwhile, and commits to the new one', async (t) => {
  for (const [api, answers] of Object.entries(joinsAgainAfter) as [GroupApi, readonly GroupAnswer[]][]) {
    for (const answer of answers) {
      await t.test(`${api}: ${answer}`, async (t) => {
        const member = await start(t);
        // Three in a row: fewer than it tries before it crashes, to start over.
        member.answerNext(api, answer, answer, answer);
        member.move('b');
        await untilCommitted(member);
        await member.until(() => {
          if (api === 'offsetCommit') member.commit().catch(() => undefined);
          return member.haveAllBeenAsked();
        });
        assert.equal(await untilCommitted(member), 'b');
        await member.until(() => member.asked.at(-1) === 'heartbeat b');
        assert.ok(member.joins() >= 2);
        assert.deepEqual(member.crashes, []);
      });
    }
  }
});

test('a join that fails ends in another join; the original reads on, and commits to the coordinator before', async (t) => {
  for (const [api, answer] of [
    ['join', LOADING],
    ['sync', 'connection broken'],
  ] as const) {
    const original = await start(t, loadOriginal);
    original.answerNext(api, answer);
    original.move('b');
    await original.until(() => original.haveAllBeenAsked());
    const before = original.asked.length;
    await original.until(() => original.asked.slice(before).filter((each) => each === 'heartbeat b').length > 20);
    // The new coordinator answers its heartbeats, so it neither joins nor crashes.
    assert.deepEqual([original.joins(), original.crashes], [1, []], api);
    await assert.rejects(original.commit(), { type: 'NOT_COORDINATOR_FOR_GROUP' });

    const patched = await start(t);
    patched.answerNext(api, answer);
    patched.move('b');
    await patched.until(() => patched.joins() === 2);
    assert.equal(await patched.commit(), 'b');
  }
});

test('a join that cannot succeed ends in a crash', async (t) => {
  // GROUP_AUTHORIZATION_FAILED, FENCED_INSTANCE_ID
  for (const answer of [30, 82]) {
    for (const api of ['join', 'sync', 'heartbeat'] as const) {
      const member = await start(t);
      member.answerNext(api, answer);
      member.move('b');
      await member.until(() => member.crashes.length > 0);
    }
  }
  const never = await start(t);
  never.answerNext('join', ...Array.from({ length: 200 }, () => 'connection broken' as const));
  never.move('b');
  await never.until(() => never.crashes.length > 0);
});

test('a commit that is refused makes a member join whose heartbeats are answered', async (t) => {
  const member = await start(t);
  for (const answer of joinsAgainAfter.offsetCommit) {
    const joins = member.joins();
    member.answerNext('offsetCommit', answer);
    await assert.rejects(member.commit());
    await member.until(() => member.joins() > joins);
    assert.equal(await untilCommitted(member), 'a');
  }
});

test('a member that the group no longer knows or that has left, is told so at once; one whose coordinator moves is not', async (t) => {
  const member = await start(t);
  member.answerNext('heartbeat', UNKNOWN_MEMBER);
  await member.until(() => member.givenUp.length > 0);
  const moved = await start(t);
  moved.answerNext('heartbeat', LOADING, NOT_AVAILABLE, NOT_COORDINATOR);
  moved.move('b');
  assert.equal(await untilCommitted(moved), 'b');
  assert.deepEqual(moved.givenUp, []);
  // A runner that crashes stops before it starts over.
  await moved.stop();
  assert.equal(moved.givenUp.length, 1);
});

test('a member that is told to join again waits for no answer that it was waiting for', async (t) => {
  for (const api of ['heartbeat', 'join'] as const) {
    const member = await start(t);
    if (api === 'join') member.answerNext('heartbeat', REBALANCE_IN_PROGRESS);
    member.answerNext(api, 'never');
    await member.until(() => member.haveAllBeenAsked());
    const joins = member.joins();
    member.membership.joinAgain();
    await member.until(() => member.joins() > joins);
    const before = member.asked.length;
    await member.until(() => member.asked.slice(before).filter((each) => each === 'heartbeat a').length > 1);
    assert.deepEqual(member.crashes, []);
  }
});

test('a request to join that waits is asked after: the group goes on without a member that its coordinator has forgotten', async (t) => {
  const member = await start(t);
  member.answerNext('heartbeat', REBALANCE_IN_PROGRESS);
  member.answerNext('join', 'never');
  await member.until(() => member.haveAllBeenAsked());
  // The group is heard while it waits.
  const heard = member.told.filter((event) => event === 'consumer.heartbeat').length;
  await member.until(() => member.told.filter((event) => event === 'consumer.heartbeat').length > heard);
  assert.equal(member.joins(), 1);
  member.move('b');
  await member.until(() => member.joins() === 2);
  assert.equal(await member.commit(), 'b');
});

test('a member that is closed while it joins leaves once it has joined', async (t) => {
  const member = createMovingMember(loadPatched);
  t.after(() => member.stop());
  const started = member.start();
  await member.until(() => member.asked.includes('join a'));
  member.membership.end();
  await started;
  assert.equal(member.asked.at(-1), 'leave a');
  assert.match(String(member.crashes[0]), /closed while it joined/);
  await member.start();
  assert.equal(member.joins(), 1);
});
