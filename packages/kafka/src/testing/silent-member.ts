/** A member of a consumer group that has joined and says nothing any more, as one whose process was killed. */
import { clientOf } from '../connection.ts';
import { AssignerProtocol } from '../kafkajs/index.ts';
import { nameMember } from '../kafkajs/patches/patch-static-members.ts';
import { abandonCluster, createCluster } from '../kafkajs/protocol/fetch-partition.ts';
import { GroupMembership } from '../membership/group-membership.ts';
import { partitionAssigners } from '../membership/sticky-assigner.ts';
import { connect } from './broker.ts';

export interface SilentMemberOptions {
  readonly groupId: string;
  /** In which another member has joined already: that one leads it, and makes the assignment. */
  readonly topic: string;
  readonly instanceId?: string;
  readonly sessionTimeoutMs: number;
}

interface Coordinator {
  joinGroup(request: object): Promise<{ readonly generationId: number; readonly memberId: string }>;
  syncGroup(request: object): Promise<{ readonly memberAssignment: Buffer }>;
}

/** Resolves with the partitions that it was given. */
export async function joinAndFallSilent(options: SilentMemberOptions): Promise<readonly number[]> {
  const { groupId, topic, instanceId, sessionTimeoutMs } = options;
  const cluster = createCluster(clientOf(connect()));
  try {
    await cluster.connect();
    await cluster.addTargetTopic(topic);
    const group = cluster as unknown as { findGroupCoordinator(group: { groupId: string }): Promise<Coordinator> };
    const coordinator = await group.findGroupCoordinator({ groupId });
    nameMember(coordinator, instanceId);
    const assigners = partitionAssigners(new GroupMembership({ instanceId })).map((create) =>
      create({ cluster: {} as never, groupId, logger: {} as never }),
    );
    const { generationId, memberId } = await coordinator.joinGroup({
      groupId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: 60_000,
      groupProtocols: assigners.map((assigner) => assigner.protocol({ topics: [topic] })),
    });
    const synced = await coordinator.syncGroup({ groupId, generationId, memberId, groupAssignment: [] });
    return AssignerProtocol.MemberAssignment.decode(synced.memberAssignment)?.assignment[topic] ?? [];
  } finally {
    abandonCluster(cluster);
  }
}
