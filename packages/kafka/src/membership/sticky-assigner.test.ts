import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssignerProtocol } from '../kafkajs/index.ts';
import { GroupMembership } from './group-membership.ts';
import { decodeClaim, partitionAssigners } from './sticky-assigner.ts';

const PARTITIONS = [0, 1, 2, 3];

function assignerOf(membership: GroupMembership) {
  const cluster = { findTopicPartitionMetadata: () => PARTITIONS.map((partitionId) => ({ partitionId })) };
  const [create] = partitionAssigners(membership);
  assert.ok(create);
  return create({ cluster: cluster as never, groupId: 'g', logger: {} as never });
}

type Members = Readonly<Record<string, { readonly topics: string[]; readonly membership: GroupMembership }>>;

/** What the leader gives each member of the topics. */
async function assign(topics: string[], members: Members): Promise<Record<string, object>> {
  const joined = Object.entries(members).map(([memberId, { topics: own, membership }]) => ({
    memberId,
    memberMetadata: assignerOf(membership).protocol({ topics: own }).metadata,
  }));
  const assigned = await assignerOf(new GroupMembership({})).assign({ members: joined, topics });
  return Object.fromEntries(
    assigned.map(({ memberId, memberAssignment }) => [
      memberId,
      AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment ?? {},
    ]),
  );
}

function holding(partitions: readonly number[], generationId: number): GroupMembership {
  const membership = new GroupMembership({});
  membership.holds('t', partitions, generationId);
  return membership;
}

test('the leader hears from each member what it holds, and lets it keep its share of that', async () => {
  const members = {
    a: { topics: ['t'], membership: holding([0, 1, 3], 4) },
    b: { topics: ['t'], membership: holding([2], 4) },
  };
  assert.deepEqual(await assign(['t'], members), { a: { t: [0, 1] }, b: { t: [2, 3] } });
});

test('a member that leaves soon is given nothing, and makes its group rebalance', async () => {
  const leaver = holding([0, 1], 4);
  let asked = 0;
  leaver.onJoin({ early: () => (asked += 1), again: () => undefined });
  leaver.leaveSoon();
  assert.equal(asked, 1);
  const members = { a: { topics: ['t'], membership: leaver }, b: { topics: ['t'], membership: holding([2, 3], 4) } };
  assert.deepEqual(await assign(['t'], members), { a: {}, b: { t: PARTITIONS } });
});

test('a topic is given to those who read it', async () => {
  const members = {
    a: { topics: ['t'], membership: holding([], -1) },
    b: { topics: ['other'], membership: holding([], -1) },
  };
  assert.deepEqual(await assign(['t', 'nobody'], members), { a: { t: PARTITIONS }, b: {} });
});

test('what a member of another version says of itself is read as far as it can be', () => {
  const nothing = { generationId: -1, partitions: {}, isLeaving: false };
  for (const text of ['', 'null', '[]', '{"generationId":"7","partitions":[["t",1]],"isLeaving":1}', '{']) {
    assert.deepEqual(decodeClaim(Buffer.from(text)), nothing, text);
  }
  assert.deepEqual(decodeClaim(undefined), nothing);
  assert.deepEqual(decodeClaim(Buffer.from('{"generationId":7,"partitions":{"t":[1],"u":["x"]},"new":1}')), {
    generationId: 7,
    partitions: { t: [1] },
    isLeaving: false,
  });
});
