/** The assigner of our consumer groups, as kafkajs takes it. */
import { AssignerProtocol, PartitionAssigners, type PartitionAssigner } from '../kafkajs/index.ts';
import { assignPartitions, type MemberClaim } from './assign-partitions.ts';
import { setMembership, type Claim, type GroupMembership } from './group-membership.ts';

/** The members of a group choose an assigner by this name, which all of them must offer. */
const NAME = 'AstrolabeStickyAssigner';
const VERSION = 0;

interface Cluster {
  findTopicPartitionMetadata(topic: string): readonly { readonly partitionId: number }[];
}

interface Member {
  readonly memberId: string;
  readonly topics: readonly string[];
  readonly claim: Claim;
}

/**
 * In order of preference. A group takes one that all of its members offer: the second while instances of a version
 * without the first are in it.
 */
export function partitionAssigners(membership: GroupMembership): PartitionAssigner[] {
  return [createStickyAssigner(membership), PartitionAssigners.roundRobin];
}

/** Also makes `membership` known to the patches of kafkajs. */
function createStickyAssigner(membership: GroupMembership): PartitionAssigner {
  return ({ cluster }) => {
    setMembership(cluster, membership);
    return {
      name: NAME,
      version: VERSION,
      protocol: ({ topics }) => ({
        name: NAME,
        metadata: AssignerProtocol.MemberMetadata.encode({
          version: VERSION,
          topics,
          userData: encodeClaim(membership.claim),
        }),
      }),
      assign: async ({ members, topics }) => {
        const known = members.map(({ memberId, memberMetadata }) => decodeMember(memberId, memberMetadata));
        const assigned = new Map(known.map(({ memberId }) => [memberId, {}]));
        for (const topic of topics) assignTopic(cluster, topic, known, assigned);
        return [...assigned].map(([memberId, assignment]) => ({
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({
            version: VERSION,
            assignment,
            userData: Buffer.alloc(0),
          }),
        }));
      },
    };
  };
}

function assignTopic(
  cluster: Cluster,
  topic: string,
  members: readonly Member[],
  assigned: ReadonlyMap<string, Record<string, number[]>>,
): void {
  const readers = members.filter(({ topics }) => topics.includes(topic));
  if (readers.length === 0) return;
  const partitions = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
  const claims = readers.map(({ memberId, claim }): MemberClaim => ({
    ...claim,
    memberId,
    partitions: claim.partitions[topic] ?? [],
  }));
  for (const [memberId, own] of assignPartitions(partitions, claims)) {
    const assignment = assigned.get(memberId);
    if (assignment !== undefined && own.length > 0) assignment[topic] = [...own];
  }
}

function encodeClaim({ generationId, partitions, isLeaving }: Claim): Buffer {
  return Buffer.from(JSON.stringify({ generationId, partitions, isLeaving }));
}

function decodeMember(memberId: string, metadata: Buffer): Member {
  const decoded = AssignerProtocol.MemberMetadata.decode(metadata);
  return { memberId, topics: decoded?.topics ?? [], claim: decodeClaim(decoded?.userData) };
}

const NO_CLAIM: Claim = { generationId: -1, partitions: {}, isLeaving: false };

/** Of a member with another version of this code, what can be understood; a member is never left without partitions. */
export function decodeClaim(userData: Buffer | undefined): Claim {
  let read: unknown;
  try {
    read = JSON.parse(userData?.toString('utf8') ?? '');
  } catch {
    return NO_CLAIM;
  }
  const { generationId, partitions, isLeaving } = (read ?? {}) as Partial<Record<keyof Claim, unknown>>;
  return {
    generationId: typeof generationId === 'number' ? generationId : NO_CLAIM.generationId,
    partitions: Object.fromEntries(
      Object.entries(typeof partitions === 'object' && partitions !== null ? partitions : {}).filter(isPartitionsEntry),
    ),
    isLeaving: isLeaving === true,
  };
}

function isPartitionsEntry(entry: [string, unknown]): entry is [string, readonly number[]] {
  const [, partitions] = entry;
  return Array.isArray(partitions) && partitions.every((partition) => Number.isInteger(partition));
}
