/**
 * A request to join that waits for the other members, over a connection of its own: a broker answers the requests of a
 * connection one after the other, and commits and heartbeats would wait behind this one.
 */
import { createRequire } from 'node:module';
import { membershipOf } from '../../../membership/group-membership.ts';
import { nameMember } from './patch-static-members.ts';
import type { Broker, ConsumerGroup, Joined } from './consumer-group.ts';
import { codeOf, isMoved, moved, REBALANCE_IN_PROGRESS, UNKNOWN_MEMBER } from './coordinator-answers.ts';

const require = createRequire(import.meta.url);

/** How often is asked after a request where no heartbeat has been sent yet. */
const INTERVALS_IN_A_SESSION = 3;
const LEAST_INTERVAL_MS = 50;

export class WaitingJoin {
  /**
   * Rejects with what the coordinator or the connection said; as by a broker that is not the coordinator, where the
   * request was abandoned.
   */
  readonly answered: Promise<Joined>;
  readonly #group: ConsumerGroup;
  readonly #coordinator: Broker;
  readonly #abandoned = Promise.withResolvers<never>();
  #isOver = false;

  /** `heartbeatIntervalMs` is undefined before the first heartbeat. */
  constructor(group: ConsumerGroup, coordinator: Broker, heartbeatIntervalMs: number | undefined) {
    this.#group = group;
    this.#coordinator = coordinator;
    const intervalMs = heartbeatIntervalMs ?? group.sessionTimeout / INTERVALS_IN_A_SESSION;
    const probes = setInterval(() => void this.#probe(), Math.max(LEAST_INTERVAL_MS, intervalMs));
    const answer = joinBeside(group, coordinator);
    this.answered = Promise.race([answer, this.#abandoned.promise]).finally(() => {
      this.#isOver = true;
      clearInterval(probes);
    });
    this.answered.catch(() => undefined);
  }

  /** It was answered, failed, or was abandoned. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The answer is not waited for any longer. */
  abandon(): void {
    this.#abandoned.reject(moved());
  }

  /**
   * Whether the group still knows of this request, which may wait for a minute: it was sent to a coordinator that may
   * have gone, or over a connection that nobody has closed. Meanwhile the new one would give the partitions to others.
   */
  async #probe(): Promise<void> {
    // A request would open it again, also for a consumer that has closed.
    if (!this.#coordinator.isConnected()) return;
    const { groupId, memberId, generationId: groupGenerationId, instrumentationEmitter } = this.#group;
    const heartbeat = { groupId, memberId, groupGenerationId };
    try {
      await this.#coordinator.heartbeat(heartbeat);
    } catch (error) {
      // Anything else tells nothing: who waits for too long is told to join again (`GroupMembership`).
      if (isMoved(error) || codeOf(error) === UNKNOWN_MEMBER) return this.abandon();
      if (codeOf(error) !== REBALANCE_IN_PROGRESS) return;
    }
    if (!this.#isOver) instrumentationEmitter.emit(eventNames().HEARTBEAT, heartbeat);
  }
}

export function joinRequestOf(group: ConsumerGroup): object {
  const { groupId, sessionTimeout, rebalanceTimeout, memberId, assigners, topicsSubscribed: topics } = group;
  const groupProtocols = assigners.map((assigner) => assigner.protocol({ topics }));
  return { groupId, sessionTimeout, rebalanceTimeout, memberId: memberId ?? '', groupProtocols };
}

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

export function eventNames(): Readonly<Record<'GROUP_JOIN' | 'HEARTBEAT' | 'REBALANCING', string>> {
  const { events } = require('kafkajs/src/consumer/instrumentationEvents') as {
    events: Readonly<Record<'GROUP_JOIN' | 'HEARTBEAT' | 'REBALANCING', string>>;
  };
  return events;
}
