/** What a consumer is in its group beyond what kafkajs keeps: a name, what it holds, whether it is about to leave. */
import type { MemberClaim } from './assign-partitions.ts';

/** What a member tells the group's leader with each join. */
export interface Claim extends Omit<MemberClaim, 'memberId' | 'partitions'> {
  readonly partitions: Readonly<Record<string, readonly number[]>>;
}

/** How this member joins again, from the patches of kafkajs. */
export interface Joins {
  /** While it works on; nothing where a request waits already. */
  early(): void;
  /** As soon as it can. Requests that wait are given up: their coordinator may have gone. */
  again(): void;
}

export interface GroupMembershipOptions {
  /** `group.instance.id`: who comes back with this name within the session time-out is the same member. */
  readonly instanceId?: string | undefined;
  /** The coordinator says that the group has gone on without this member. Called each time that it says so. */
  readonly onGivenUp?: (answer: unknown) => void;
}

const noJoins: Joins = { early: () => undefined, again: () => undefined };

/** One for each consumer. The patches of kafkajs find it by the consumer's cluster (`membershipOf`). */
export class GroupMembership {
  readonly instanceId: string | undefined;
  readonly #onGivenUp: (answer: unknown) => void;
  #claim: Claim = { generationId: -1, partitions: {}, isLeaving: false };
  #joins = noJoins;
  #isOver = false;

  constructor({ instanceId, onGivenUp = () => undefined }: GroupMembershipOptions) {
    this.instanceId = instanceId;
    this.#onGivenUp = onGivenUp;
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
    this.#joins.early();
  }

  /** What is read from here on is of an assignment that the group makes after this. */
  joinAgain(): void {
    this.#joins.again();
  }

  /** The consumer is closed: whatever is under way in the client, this process is not a member from here on. */
  end(): void {
    this.#isOver = true;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** For the patches. */
  onJoin(joins: Joins): void {
    this.#joins = joins;
  }

  /** For the patches: what a coordinator that no longer counts this member in has answered. */
  givenUp(answer: unknown): void {
    this.#onGivenUp(answer);
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
