/**
 * Patches of kafkajs 2.2.4: what a member does while its group rebalances.
 *
 * The original stops fetching as soon as it hears of a rebalance, asks to join, and waits until every other member has
 * asked as well. A member that was killed never asks. So a new instance, started soon after, stopped the partitions of
 * all others until the session of the dead one ended, up to 10 seconds. Here a member works on while its request to
 * join waits, which also is its sign of life. Nobody else can get its partitions before that request is answered.
 */
import { createRequire } from 'node:module';
import { membershipOf } from '../../membership/group-membership.ts';
import { makeLateHeartbeatDue } from './clock-patches.ts';
import { privateMethod, replaceMethods, type Patch } from './patch.ts';
import { nameMember } from './patch-static-members.ts';

const require = createRequire(import.meta.url);

interface Assigner {
  protocol(subscription: { readonly topics: readonly string[] }): object;
}
/** The answer to a request to join. */
interface Joined {
  readonly generationId: number;
  readonly leaderId: string;
  readonly memberId: string;
  readonly members: readonly object[];
  readonly groupProtocol: string;
}
interface Place {
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}
interface Broker {
  readonly nodeId: number;
  readonly versions: object | null;
  readonly connectionPool: Place;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  joinGroup(request: object): Promise<Joined>;
}
interface Cluster {
  readonly brokerPool: {
    readonly rootLogger: object;
    readonly connectionPoolBuilder: { build(place: Place): Promise<object> };
    createBroker(options: object): Broker;
  };
  findGroupCoordinator(group: { groupId: string }): Promise<Broker>;
}
interface ConsumerGroup {
  readonly cluster: Cluster;
  readonly groupId: string;
  readonly sessionTimeout: number;
  readonly rebalanceTimeout: number;
  readonly topicsSubscribed: readonly string[];
  readonly assigners: readonly Assigner[];
  coordinator: Broker | null;
  generationId: number | null;
  leaderId: string | null;
  memberId: string | null;
  members: readonly object[] | null;
  groupProtocol: string | null;
  lastRequest: number;
  instrumentationEmitter: { emit(eventName: string, payload: object): void };
  heartbeat(this: ConsumerGroup, options: { interval: number }): Promise<void>;
  fetch(this: ConsumerGroup, nodeId: unknown): Promise<readonly object[]>;
  joinAndSync(this: ConsumerGroup): Promise<void>;
}

/** A request to join that was sent while the member works. */
interface EarlyJoin {
  /** `waiting`: for other members to join. `over`: it was answered, or failed. */
  state: 'waiting' | 'over';
  /** Undefined where the request failed: it is repeated where the original would send it. */
  readonly joined: Promise<Joined | undefined>;
}

const earlyJoins = new WeakMap<ConsumerGroup, EarlyJoin>();
/** Of the fetches under way: ends the wait for their answer. */
const interruptions = new WeakMap<ConsumerGroup, Set<(reason: Error) => void>>();

/** As the protocol numbers them. */
const LOADING = 14;
const NOT_COORDINATOR = 16;
const REBALANCE_IN_PROGRESS = 27;

function errorOf(code: number): Error {
  const { createErrorFromCode } = require('kafkajs/src/protocol/error') as { createErrorFromCode(code: number): Error };
  return createErrorFromCode(code);
}

function rebalanceInProgress(): Error {
  return errorOf(REBALANCE_IN_PROGRESS);
}

function joinRequestOf(group: ConsumerGroup): object {
  const { groupId, sessionTimeout, rebalanceTimeout, memberId, assigners, topicsSubscribed: topics } = group;
  const groupProtocols = assigners.map((assigner) => assigner.protocol({ topics }));
  return { groupId, sessionTimeout, rebalanceTimeout, memberId: memberId ?? '', groupProtocols };
}

function joinEarly(group: ConsumerGroup): void {
  const { coordinator, memberId } = group;
  if (coordinator === null || memberId === null || earlyJoins.has(group)) return;
  const answered = joinBeside(group, coordinator).catch(() => undefined);
  const early: EarlyJoin = {
    state: 'waiting',
    joined: answered.then((joined) => {
      early.state = 'over';
      if (earlyJoins.get(group) === early) interruptFetches(group);
      return joined?.memberId === group.memberId ? joined : undefined;
    }),
  };
  earlyJoins.set(group, early);
  // As the original does where it stops for a rebalance: from here on no heartbeat tells that the group hears us.
  const { events } = require('kafkajs/src/consumer/instrumentationEvents') as { events: { REBALANCING: string } };
  group.instrumentationEmitter.emit(events.REBALANCING, { groupId: group.groupId, memberId });
}

/**
 * Over a connection of its own: a broker answers the requests of a connection one after the other, and commits would
 * wait behind this one.
 */
async function joinBeside(group: ConsumerGroup, { connectionPool, versions, nodeId }: Broker): Promise<Joined> {
  const { brokerPool } = group.cluster;
  const { host, port, rack } = connectionPool;
  const pool = await brokerPool.connectionPoolBuilder.build({ host, port, rack });
  const broker = brokerPool.createBroker({ logger: brokerPool.rootLogger, connectionPool: pool, versions, nodeId });
  nameMember(broker, membershipOf(group.cluster)?.instanceId);
  try {
    await broker.connect();
    return await broker.joinGroup(joinRequestOf(group));
  } finally {
    await broker.disconnect();
  }
}

function interruptFetches(group: ConsumerGroup): void {
  for (const interrupt of interruptions.get(group) ?? []) interrupt(rebalanceInProgress());
}

async function joinNow(group: ConsumerGroup): Promise<Joined> {
  const coordinator = await group.cluster.findGroupCoordinator({ groupId: group.groupId });
  group.coordinator = coordinator;
  nameMember(coordinator, membershipOf(group.cluster)?.instanceId);
  try {
    return await coordinator.joinGroup(joinRequestOf(group));
  } catch (error) {
    // The original repeats no join that a loading coordinator answers, and the member stays outside of its group.
    if ((error as { readonly code?: unknown }).code === LOADING) throw errorOf(NOT_COORDINATOR);
    throw error;
  }
}

async function join(this: ConsumerGroup): Promise<void> {
  const early = earlyJoins.get(this);
  const joined = await early?.joined;
  earlyJoins.delete(this);
  const { generationId, leaderId, memberId, members, groupProtocol } = joined ?? (await joinNow(this));
  Object.assign(this, { generationId, leaderId, memberId, members, groupProtocol });
  membershipOf(this.cluster)?.onJoinAgain(() => {
    joinEarly(this);
  });
}

/** The request to join goes out beside the fetches; once it is answered they end, and the member takes the answer. */
export function joinWhileWorking(): Patch {
  const joinKey = privateMethod('consumer/consumerGroup', 'private:ConsumerGroup:join');
  return replaceMethods<ConsumerGroup>('consumer/consumerGroup', ({ heartbeat, fetch }) => ({
    [joinKey]: join,
    heartbeat: async function (this: ConsumerGroup, options): Promise<void> {
      const early = earlyJoins.get(this);
      if (early?.state === 'waiting') return;
      if (early?.state === 'over') throw rebalanceInProgress();
      makeLateHeartbeatDue(this);
      try {
        await heartbeat.call(this, options);
      } catch (error) {
        if ((error as { readonly code?: unknown }).code !== REBALANCE_IN_PROGRESS) throw error;
        joinEarly(this);
      }
    },
    fetch: async function (this: ConsumerGroup, nodeId): Promise<readonly object[]> {
      if (earlyJoins.get(this)?.state === 'over') throw rebalanceInProgress();
      let underWay = interruptions.get(this);
      if (underWay === undefined) interruptions.set(this, (underWay = new Set()));
      const { promise: interrupted, reject: interrupt } = Promise.withResolvers<never>();
      underWay.add(interrupt);
      try {
        return await Promise.race([fetch.call(this, nodeId), interrupted]);
      } finally {
        underWay.delete(interrupt);
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
  const { events } = require('kafkajs/src/consumer/instrumentationEvents') as { events: { GROUP_JOIN: string } };
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
            emitter.emit(eventName, eventName === events.GROUP_JOIN ? { ...payload, generationId, isAlone } : payload);
          },
        };
      }
      const joining = underWay.get(this) ?? joinAndSync.call(this).finally(() => underWay.delete(this));
      underWay.set(this, joining);
      return joining;
    },
  }));
}
