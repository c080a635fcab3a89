/** A member of a consumer group that has joined and says nothing any more, as one whose process was killed. */
import { clientOf } from '../connection.ts';
import { AssignerProtocol } from '../kafkajs/index.ts';
import { nameMember } from '../kafkajs/patches/group/patch-static-members.ts';
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
  leaveGroup(request: object): Promise<unknown>;
}

export interface SilentMember {
  /** That it was given. */
  readonly partitions: readonly number[];
  /** Its group goes on without it, as where its session has ended. */
  end(): Promise<void>;
}

export async function joinAndFallSilent(options: SilentMemberOptions): Promise<SilentMember> {
  const { groupId, topic, instanceId, sessionTimeoutMs } = options;
  const { memberId, partitions } = await withCoordinator(groupId, topic, async (coordinator) => {
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
    const { assignment = {} } = AssignerProtocol.MemberAssignment.decode(synced.memberAssignment) ?? {};
    return { memberId, partitions: assignment[topic] ?? [] };
  });
  return {
    partitions,
    end: () =>
      withCoordinator(groupId, topic, async (coordinator) => {
        await coordinator.leaveGroup({ groupId, memberId });
      }),
  };
}

async function withCoordinator<T>(
  groupId: string,
  topic: string,
  use: (coordinator: Coordinator) => Promise<T>,
): Promise<T> {
  const cluster = createCluster(clientOf(connect()));
  try {
    await cluster.connect();
    await cluster.addTargetTopic(topic);
    const group = cluster as unknown as { findGroupCoordinator(group: { groupId: string }): Promise<Coordinator> };
    return await use(await group.findGroupCoordinator({ groupId }));
  } finally {
    abandonCluster(cluster);
  }
}
