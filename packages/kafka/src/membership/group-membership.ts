/** What a consumer is in its group beyond what kafkajs keeps: a name, what it holds, whether it is about to leave. */
import type { MemberClaim } from './assign-partitions.ts';

/** What a member tells the group's leader with each join. */
export interface Claim extends Omit<MemberClaim, 'memberId' | 'partitions'> {
  readonly partitions: Readonly<Record<string, readonly number[]>>;
}

/** One for each consumer. The patches of kafkajs find it by the consumer's cluster (`membershipOf`). */
export class GroupMembership {
  /** `group.instance.id`: who comes back with this name within the session time-out is the same member. */
  readonly instanceId: string | undefined;
  #claim: Claim = { generationId: -1, partitions: {}, isLeaving: false };
  #joinAgain: () => void = () => undefined;

  constructor(instanceId: string | undefined) {
    this.instanceId = instanceId;
  }

  get claim(): Claim {
    return this.#claim;
  }

  /** An assignment that this process has taken up. */
  holds(topic: string, partitions: readonly number[], generationId: number): void {
    this.#claim = { ...this.#claim, generationId, partitions: { [topic]: partitions } };
  }

  /** The group rebalances, and gives what this member holds to the others. Until it has, this member works on. */
  leaveSoon(): void {
    this.#claim = { ...this.#claim, isLeaving: true };
    this.#joinAgain();
  }

  /** For the patches: how this member joins again while it works on. */
  onJoinAgain(joinAgain: () => void): void {
    this.#joinAgain = joinAgain;
  }
}

const memberships = new WeakMap<object, GroupMembership>();

/** kafkajs gives each consumer a cluster of its own. */
export function setMembership(cluster: object, membership: GroupMembership): void {
  memberships.set(cluster, membership);
}

export function membershipOf(cluster: object): GroupMembership | undefined {
  return memberships.get(cluster);
}
