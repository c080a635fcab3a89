import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assignPartitions, type MemberClaim } from './assign-partitions.ts';

/** Members with whatever they claim: partitions that are not there, that others claim too, of any generation. */
const claims: fc.Arbitrary<MemberClaim[]> = fc.uniqueArray(
  fc.record({
    memberId: fc.string({ minLength: 1, maxLength: 4 }),
    generationId: fc.integer({ min: -1, max: 4 }),
    partitions: fc.uniqueArray(fc.nat({ max: 30 }), { maxLength: 12 }),
    isLeaving: fc.boolean(),
  }),
  { minLength: 1, maxLength: 8, selector: ({ memberId }) => memberId },
);

const topic = fc.nat({ max: 24 }).map((count) => Array.from({ length: count }, (_, partition) => partition));

function takersOf(members: readonly MemberClaim[]): readonly MemberClaim[] {
  const staying = members.filter(({ isLeaving }) => !isLeaving);
  return staying.length > 0 ? staying : members;
}

test('each partition has exactly one member, and each member as many as any other or one more; one that leaves has none', () => {
  fc.assert(
    fc.property(topic, claims, (partitions, members) => {
      const assignment = assignPartitions(partitions, members);
      assert.deepEqual(
        [...assignment.values()].flat().toSorted((a, b) => a - b),
        partitions,
      );
      assert.deepEqual(new Set(assignment.keys()), new Set(members.map(({ memberId }) => memberId)));
      const takers = new Set(takersOf(members).map(({ memberId }) => memberId));
      const sizes = [...assignment].map(([memberId, assigned]) => ({ memberId, size: assigned.length }));
      const share = Math.floor(partitions.length / takers.size);
      for (const { memberId, size } of sizes) {
        if (!takers.has(memberId)) assert.equal(size, 0);
        else assert.ok(size === share || size === share + 1, `${size} of ${partitions.length} for ${takers.size}`);
      }
    }),
  );
});

test('as few partitions move as balance allows', () => {
  fc.assert(
    fc.property(topic, claims, (partitions, members) => {
      // Each partition is held by one member at most, as it is in a group whose members missed nothing.
      const unclaimed = new Set(partitions);
      const honest = members.map((member) => ({
        ...member,
        generationId: 3,
        partitions: member.partitions.filter((partition) => unclaimed.delete(partition)),
      }));
      const assignment = assignPartitions(partitions, honest);
      const kept = honest.map(
        ({ memberId, partitions: held }) =>
          (assignment.get(memberId) ?? []).filter((each) => held.includes(each)).length,
      );
      const takers = takersOf(honest);
      const share = Math.floor(partitions.length / takers.length);
      const over = partitions.length % takers.length;
      const larger = takers.filter(({ partitions: held }) => held.length > share).length;
      const most =
        takers.reduce((sum, { partitions: held }) => sum + Math.min(held.length, share), 0) + Math.min(over, larger);
      assert.equal(
        kept.reduce((sum, each) => sum + each, 0),
        most,
      );
    }),
  );
});

test('an assignment to the same members moves nothing, in every order of the members', () => {
  fc.assert(
    fc.property(topic, claims, fc.infiniteStream(fc.nat()), (partitions, members, order) => {
      const first = assignPartitions(partitions, members);
      const again = members
        .map((member) => ({ ...member, generationId: 9, partitions: first.get(member.memberId) ?? [] }))
        .map((member) => ({ member, rank: Number(order.next().value) }))
        .toSorted((a, b) => a.rank - b.rank)
        .map(({ member }) => member);
      assert.deepEqual(new Map(assignPartitions(partitions, again)), new Map(first));
    }),
  );
});

test('of two members that claim a partition, the one that got it later has it', () => {
  const members = [
    { memberId: 'a', generationId: 4, partitions: [0, 1], isLeaving: false },
    { memberId: 'b', generationId: 5, partitions: [1, 2], isLeaving: false },
  ];
  assert.deepEqual(
    assignPartitions([0, 1, 2, 3], members),
    new Map([
      ['a', [0, 3]],
      ['b', [1, 2]],
    ]),
  );
});
