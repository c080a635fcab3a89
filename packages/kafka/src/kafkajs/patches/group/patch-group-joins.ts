/**
 * Patches of kafkajs 2.2.4: what a member does while its group rebalances, and when its coordinator moves.
 *
 * The original stops fetching as soon as it hears of a rebalance, asks to join, and waits until every other member has
 * asked as well. A member that was killed never asks. So a new instance, started soon after, stopped the partitions of
 * all others until the session of the dead one ended, up to 10 seconds. Here a member works on while its request to
 * join waits. Nobody else can get its partitions before that request is answered.
 *
 * A join that fails is, to the original, trouble with a fetch: its runner reads on with the assignment that it had. The
 * member was in its group, since the new coordinator answered its heartbeats, and committed to the old one for good.
 * Here it is outside until a join has succeeded.
 */
import { membershipOf } from '../../../membership/group-membership.ts';
import type { ConsumerGroup, Joined } from './consumer-group.ts';
import {
  asMoved,
  codeOf,
  ILLEGAL_GENERATION,
  isMoved,
  REBALANCE_IN_PROGRESS,
  rebalanceInProgress,
  UNKNOWN_MEMBER,
} from './coordinator-answers.ts';
import { fetchAnswered, fetchFailed } from './fetch-failures.ts';
import { beat, forgetHeartbeat } from './heartbeats.ts';
import { enterState, interruptRunner, interruptible, mustJoin, stateOf } from './member-state.ts';
import { eventNames, joinRequestOf, WaitingJoin } from './waiting-join.ts';
import { privateMethod, replaceMethods, type Patch } from '../patch.ts';
import { nameMember } from './patch-static-members.ts';

/** A request to join that was sent while the member works. */
interface EarlyJoin {
  readonly request: WaitingJoin;
  /** Undefined where the request failed: it is repeated where the original would send it. */
  readonly joined: Promise<Joined | undefined>;
}

type ConsumerGroupMethods = ConsumerGroup & Record<symbol, (this: ConsumerGroup) => Promise<void>>;

const earlyJoins = new WeakMap<ConsumerGroup, EarlyJoin>();
/** Of members that have stopped for it. */
const lateJoins = new WeakMap<ConsumerGroup, WaitingJoin>();
const heartbeatIntervals = new WeakMap<ConsumerGroup, number>();

function joinEarly(group: ConsumerGroup): void {
  const { coordinator, memberId } = group;
  if (coordinator === null || memberId === null || earlyJoins.has(group) || lateJoins.has(group)) return;
  const request = new WaitingJoin(group, coordinator, heartbeatIntervals.get(group));
  const answered = request.answered.catch(() => undefined);
  const early: EarlyJoin = {
    request,
    joined: answered.then((joined) => {
      if (earlyJoins.get(group) === early) interruptRunner(group);
      return joined?.memberId === group.memberId ? joined : undefined;
    }),
  };
  earlyJoins.set(group, early);
  // As the original does where it stops for a rebalance.
  group.instrumentationEmitter.emit(eventNames().REBALANCING, { groupId: group.groupId, memberId });
}

/** Whatever waits for an answer waits no longer. */
function joinAgain(group: ConsumerGroup): void {
  earlyJoins.get(group)?.request.abandon();
  lateJoins.get(group)?.abandon();
  mustJoin(group);
}

async function joinNow(group: ConsumerGroup): Promise<Joined> {
  const coordinator = await group.cluster.findGroupCoordinator({ groupId: group.groupId });
  group.coordinator = coordinator;
  nameMember(coordinator, membershipOf(group.cluster)?.instanceId);
  // The group does not know it: there is nothing to ask after while it waits.
  if (group.memberId === null) return coordinator.joinGroup(joinRequestOf(group));
  const request = new WaitingJoin(group, coordinator, heartbeatIntervals.get(group));
  lateJoins.set(group, request);
  try {
    return await request.answered;
  } finally {
    lateJoins.delete(group);
  }
}

async function join(group: ConsumerGroup): Promise<void> {
  const membership = membershipOf(group.cluster);
  membership?.onJoin({ early: () => joinEarly(group), again: () => joinAgain(group) });
  const joined = await earlyJoins.get(group)?.joined;
  earlyJoins.delete(group);
  forgetHeartbeat(group);
  const { generationId, leaderId, memberId, members, groupProtocol } = joined ?? (await joinNow(group));
  Object.assign(group, { generationId, leaderId, memberId, members, groupProtocol });
}

/** The original repeats few of the answers of a coordinator that moves, and gives the join up at the others. */
async function untilMoved(group: ConsumerGroup, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (codeOf(error) === UNKNOWN_MEMBER) membershipOf(group.cluster)?.givenUp(error);
    throw asMoved(error);
  }
}

/** The request to join goes out beside the fetches; once it is answered they end, and the member takes the answer. */
export function joinWhileWorking(): Patch {
  const joinKey = privateMethod('consumer/consumerGroup', 'private:ConsumerGroup:join');
  const syncKey = privateMethod('consumer/consumerGroup', 'private:ConsumerGroup:sync');
  return replaceMethods<ConsumerGroupMethods>('consumer/consumerGroup', ({ [syncKey]: sync, fetch, leave }) => ({
    [joinKey]: function (this: ConsumerGroup) {
      return untilMoved(this, () => join(this));
    },
    [syncKey]: function (this: ConsumerGroup) {
      return untilMoved(this, async () => sync?.call(this));
    },
    heartbeat: async function (this: ConsumerGroup, options): Promise<void> {
      heartbeatIntervals.set(this, options.interval);
      const early = earlyJoins.get(this);
      // The request that waits is the sign of life.
      if (stateOf(this) === 'joining' || early?.request.isOver === false) return;
      if (stateOf(this) === 'outside' || early !== undefined) throw rebalanceInProgress();
      try {
        await interruptible(this, () => beat(this, options.interval));
      } catch (error) {
        const code = codeOf(error);
        if (stateOf(this) !== 'joined') throw error;
        if (code === REBALANCE_IN_PROGRESS) return joinEarly(this);
        // With a request under way another generation is what was asked for.
        const isGivenUp = code === UNKNOWN_MEMBER || (code === ILLEGAL_GENERATION && !earlyJoins.has(this));
        if (isGivenUp) membershipOf(this.cluster)?.givenUp(error);
        throw asMoved(error);
      }
    },
    fetch: async function (this: ConsumerGroup, nodeId): Promise<readonly object[]> {
      if (stateOf(this) === 'outside' || earlyJoins.get(this)?.request.isOver === true) throw rebalanceInProgress();
      try {
        const batches = await interruptible(this, () => fetch.call(this, nodeId));
        fetchAnswered(this, nodeId);
        return batches;
      } catch (error) {
        fetchFailed(this, nodeId, error);
        // A fetch asks the coordinator for the committed offsets.
        throw asMoved(error);
      }
    },
    leave: async function (this: ConsumerGroup): Promise<void> {
      const wasMember = this.memberId !== null;
      earlyJoins.get(this)?.request.abandon();
      await leave.call(this);
      // A runner that crashes leaves as well, and the others have the partitions before it has joined again.
      if (wasMember) membershipOf(this.cluster)?.givenUp(new Error('this process has left its group'));
    },
  }));
}

/**
 * The original commits to the coordinator that it had when it joined, whatever that answers, and leaves it to the
 * heartbeats to find out that it has to join.
 */
export function joinWhereCommitsAreRefused(): Patch {
  return replaceMethods<ConsumerGroup>('consumer/consumerGroup', ({ commitOffsets }) => ({
    commitOffsets: async function (this: ConsumerGroup, offsets): Promise<void> {
      const { offsetManager } = this;
      try {
        await commitOffsets.call(this, offsets);
      } catch (error) {
        const code = codeOf(error);
        const isOutside = isMoved(error) || code === ILLEGAL_GENERATION || code === UNKNOWN_MEMBER;
        // One that was sent before the last join says nothing of it.
        if (isOutside && this.offsetManager === offsetManager) mustJoin(this);
        throw error;
      }
    },
  }));
}

/**
 * The original tells that a group was joined, but not in which generation. A member that joined a generation and did
 * not get its assignment before the next one began would not know that its partitions were with somebody else in
 * between. It also joins twice where two fetches find that it has to, and then waits for the answer to the first
 * request until it times out.
 */
export function tellGeneration(): Patch {
  const { GROUP_JOIN } = eventNames();
  const telling = new WeakSet<ConsumerGroup>();
  const underWay = new WeakMap<ConsumerGroup, Promise<void>>();
  return replaceMethods<ConsumerGroup>('consumer/consumerGroup', ({ joinAndSync }) => ({
    joinAndSync: function (this: ConsumerGroup): Promise<void> {
      if (!telling.has(this)) {
        telling.add(this);
        const emitter = this.instrumentationEmitter;
        this.instrumentationEmitter = {
          emit: (eventName, payload) => {
            const { generationId, members } = this;
            // Only the leader hears who the others are.
            const isAlone = members?.length === 1;
            emitter.emit(eventName, eventName === GROUP_JOIN ? { ...payload, generationId, isAlone } : payload);
          },
        };
      }
      const joining = underWay.get(this) ?? joinOnce(this, joinAndSync).finally(() => underWay.delete(this));
      underWay.set(this, joining);
      return joining;
    },
  }));
}

async function joinOnce(group: ConsumerGroup, joinAndSync: ConsumerGroup['joinAndSync']): Promise<void> {
  const isClosed = () => membershipOf(group.cluster)?.isOver === true;
  enterState(group, 'joining');
  try {
    if (isClosed()) throw closedMeanwhile();
    await joinAndSync.call(group);
    if (isClosed()) {
      await group.leave();
      throw closedMeanwhile();
    }
    enterState(group, 'joined');
  } catch (error) {
    enterState(group, 'outside');
    throw error;
  }
}

/** To the original, a consumer that is closed while it starts over does not run yet: it joins, and nothing ends it. */
function closedMeanwhile(): Error {
  return Object.assign(new Error('the consumer was closed while it joined'), { retriable: false });
}
