/**
 * A member of a consumer group, as our processors see it: sessions of partitions, records, fenced commits.
 *
 * What kafkajs lacks and this adds: the fetch loop never waits for work (one slow partition would stall the others); a
 * session with an epoch for each assignment, kept across rebalances that leave the partition here, ended before
 * anything else when it is lost; commits only for sessions that live; a crash that kafkajs would survive silently
 * becomes a fault.
 */
import { setImmediate as afterOtherWork, setTimeout as sleep } from 'node:timers/promises';
import {
  GroupMembership,
  isKafkaJsError,
  recordsOf,
  toKafkaError,
  type AccessContext,
  type Consumer,
} from '@astrolabe/kafka/internal';
import { FaultLog } from '@astrolabe/service-kit';
import { PipelineError, errorMessage, isPipelineError } from '@astrolabe/service-kit/errors';
import { unlessAborted } from '@astrolabe/service-kit/retry';
import { CommitLoop } from './commit-loop.ts';
import type { WorkPosition } from './core/partition-lag.ts';
import { createConsumer, REJOIN_PAUSE_MS, SESSION } from './create-consumer.ts';
import type { GroupConsumer, GroupConsumerOptions } from './group-consumer-options.ts';
import { HandOver } from './hand-over.ts';
import { PartitionSessions, type Membership } from './partition-sessions.ts';
import { PlaceWatch } from './place-watch.ts';
import { openTopicGuard, type TopicGuard } from './topic-guard.ts';

/**
 * Joins the group; resolves once the first assignment is here. Rejects with `kafka.unavailable` when the brokers cannot
 * be reached, with `kafka.topic-missing`, and with `kafka.unauthorized`: all are retryable.
 */
export async function startGroupConsumer(options: GroupConsumerOptions): Promise<GroupConsumer> {
  const { connection, topic, groupId } = options;
  const guard = await openTopicGuard({ connection, topic, groupId });
  try {
    const member = new GroupMember(options, guard);
    await member.start();
    return member;
  } catch (error) {
    await guard.close();
    throw error;
  }
}

/** So many records of one partition, enqueued at once, take a turn of the event loop that others notice. */
const LONG_BATCH_RECORDS = 500;
/** For leaving the group, after all work has ended. */
const LEAVE_TIMEOUT_MS = 4_000;

/** What `patch-group-joins.ts` adds to kafkajs's word that a group was joined. */
interface Joined extends Membership {
  readonly memberAssignment: Readonly<Record<string, number[]>>;
  readonly isAlone: boolean;
}

class GroupMember implements GroupConsumer {
  readonly #options: GroupConsumerOptions;
  readonly #guard: TopicGuard;
  readonly #access: AccessContext;
  readonly #membership: GroupMembership;
  readonly #handOver: HandOver;
  readonly #consumer: Consumer;
  readonly #place: PlaceWatch;
  readonly #sessions: PartitionSessions;
  readonly #commitLoop: CommitLoop;
  readonly #faultLog: FaultLog;
  readonly #firstJoin = Promise.withResolvers<void>();
  /** `onFault` has been called: nothing is read any more. */
  #isFaulty = false;
  #closing: Promise<void> | undefined;
  #rebalances = 0;

  constructor(options: GroupConsumerOptions, guard: TopicGuard) {
    const { connection, groupId, topic, logger } = options;
    this.#options = options;
    this.#guard = guard;
    this.#access = {
      principal: connection.principal,
      groupId,
      topics: [{ operation: 'Read', resourceType: 'topic', resource: topic }],
    };
    this.#membership = new GroupMembership({
      instanceId: options.instanceId,
      onGivenUp: (answer) => this.#place.see({ kind: 'given-up', reason: errorMessage(answer) }),
    });
    this.#handOver = new HandOver(() => this.#membership.leaveSoon());
    this.#consumer = createConsumer(options, this.#membership);
    this.#place = new PlaceWatch({
      consumer: this.#consumer,
      sessionTimeoutMs: options.sessionTimeoutMs ?? SESSION.timeoutMs,
      onAbsent: (reason) => this.#sessionLost(reason),
      // Only what is read after that join is worked on: until then no session is here to take it.
      joinAgain: () => this.#membership.joinAgain(),
    });
    this.#faultLog = new FaultLog(logger);
    this.#sessions = new PartitionSessions({
      topic,
      topicId: guard.topicId,
      createProcessor: options.createProcessor,
      pause: (partition) => this.#unlessRestarting(() => this.#consumer.pause([{ topic, partitions: [partition] }])),
      resume: (partition) => this.#unlessRestarting(() => this.#consumer.resume([{ topic, partitions: [partition] }])),
      fail: (error) => this.#fail(error),
      logger,
    });
    this.#commitLoop = new CommitLoop({
      commitOffsets: (offsets) => this.#consumer.commitOffsets(offsets),
      sessions: this.#sessions,
      guard,
      isMember: () => this.#place.isMember(),
      intervalMs: options.commitIntervalMs ?? 100,
      onFault: (error) => this.#fail(error),
      logger,
    });
    // Awaited in `start`; a crash before that must not count as an unhandled rejection.
    this.#firstJoin.promise.catch(() => undefined);
    this.#listen();
  }

  /** Resolves with the first assignment. */
  async start(): Promise<void> {
    const { topic, groupId } = this.#options;
    try {
      await this.#consumer.connect();
      await this.#consumer.subscribe({ topics: [topic], fromBeginning: true });
      await this.#join();
      await this.#firstJoin.promise;
    } catch (error) {
      this.#closing = Promise.resolve();
      this.#membership.end();
      await this.#consumer.disconnect().catch(() => undefined);
      throw toKafkaError(error, `joining group ${groupId}`, this.#access);
    }
    this.#commitLoop.start();
    this.#place.start(this.#options.heartbeatIntervalMs ?? SESSION.heartbeatIntervalMs);
  }

  assignment(): readonly number[] {
    return this.#sessions.partitions();
  }

  workPositions(): ReadonlyMap<number, WorkPosition | undefined> {
    return this.#sessions.workPositions();
  }

  rebalances(): number {
    return this.#rebalances;
  }

  isRunning(): boolean {
    return this.#place.isMember() && !this.#isFaulty && this.#closing === undefined;
  }

  trouble(): string | undefined {
    if (this.isRunning()) return undefined;
    const reason = this.#place.reason();
    return `not a member of ${this.#options.groupId}${reason === undefined ? '' : `: ${reason}`}`;
  }

  silentMs(): number {
    return this.#place.silentMs();
  }

  close(deadlineMs: number): Promise<void> {
    return (this.#closing ??= this.#close(deadlineMs));
  }

  async #close(deadlineMs: number): Promise<void> {
    const { groupId, logger } = this.#options;
    const deadlineAtMs = performance.now() + deadlineMs;
    if (this.#place.isMember() && !this.#isFaulty) await this.#handOver.give(deadlineMs);
    // 1. No new records. 2. What is in flight finishes or is abandoned. 3. What finished is committed. 4. The group
    //    moves on at once.
    this.#sessions.close();
    await this.#sessions.drain(Math.max(0, deadlineAtMs - performance.now()));
    await this.#commitLoop.finish(deadlineAtMs);
    await this.#sessions.endAll();
    this.#place.stop();
    await this.#guard.close();
    this.#membership.end();
    // Where the brokers are away kafkajs goes on to look for them, beyond the time that a service has to stop.
    await unlessAborted(this.#consumer.disconnect(), AbortSignal.timeout(LEAVE_TIMEOUT_MS)).catch((error: unknown) => {
      logger.warn({ err: error, groupId }, 'leaving the group failed; the broker will notice by the session timeout');
    });
  }

  #listen(): void {
    const consumer = this.#consumer;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      this.#joined(payload as typeof payload & Joined);
    });
    // Batches of nothing but control records and aborted ones never reach eachBatch; uncounted, they would always show
    // as lag.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      if (payload.topic === this.#options.topic && payload.batchSize === 0) {
        this.#sessions.enqueue(payload.partition, [], BigInt(payload.lastOffset) + 1n);
      }
    });
    consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => this.#crashed(error, restart));
  }

  async #join(): Promise<void> {
    await this.#consumer.connect();
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: true,
      eachBatch: async ({ batch, heartbeat }) => {
        const records = recordsOf(batch);
        this.#sessions.enqueue(batch.partition, records, BigInt(batch.lastOffset()) + 1n);
        // Those of the next partition would be a part of the same turn.
        if (records.length >= LONG_BATCH_RECORDS) await afterOtherWork();
        await heartbeat();
      },
    });
  }

  #joined(joined: Joined): void {
    const { groupId, topic, logger } = this.#options;
    const partitions = joined.memberAssignment[topic] ?? [];
    this.#rebalances += 1;
    this.#sessions.assign(joined, partitions, { canFinishLost: this.#closing !== undefined });
    this.#membership.holds(topic, partitions, joined.generationId);
    this.#handOver.joined(partitions.length, joined.isAlone);
    logger.info({ groupId, topic, partitions }, 'partitions assigned');
    this.#faultLog.worked({ groupId, topic }, 'the consumer is in its group again');
    this.#place.see({ kind: 'joined' });
    this.#firstJoin.resolve();
  }

  /** Others have the partitions, or will get them before this process hears of it. */
  #sessionLost(reason: string): void {
    const { groupId, topic } = this.#options;
    const fault = new PipelineError('kafka.session-lost', reason, { retryable: true });
    this.#faultLog.failed(fault, { groupId, topic }, 'the group has given this member up; it joins again');
    this.#handOver.giveUp();
    void this.#sessions.endAll();
  }

  /** `isRestarting`: kafkajs joins again by itself. */
  #crashed(error: unknown, isRestarting: boolean): void {
    const { groupId, topic } = this.#options;
    const fault = this.#toFault(error);
    const isFirst = this.#place.isJoining();
    this.#handOver.giveUp();
    // Another process has the partitions already, and is at work on them.
    if (fault.code === 'kafka.instance-fenced') void this.#sessions.endAll();
    this.#place.see({ kind: 'crashed', reason: fault.message });
    if (isFirst && !isRestarting) return this.#firstJoin.reject(fault);
    if (!isRestarting && !fault.retryable) return this.#fail(fault);
    this.#faultLog.failed(fault, { groupId, topic }, 'the consumer has left its group and joins again');
    if (!isRestarting) void this.#rejoin();
  }

  /** kafkajs restarts by itself after most of what may pass, but not where it finds no coordinator of the group. */
  async #rejoin(): Promise<void> {
    const { groupId, topic } = this.#options;
    while (this.#closing === undefined && !this.#isFaulty) {
      await sleep(REJOIN_PAUSE_MS);
      try {
        // Without the right to read the topic a member joins, fails at its first fetch, and makes the group rebalance
        // each time.
        await this.#guard.check();
        return await this.#join();
      } catch (error) {
        const fault = this.#toFault(error);
        if (fault.code === 'kafka.topic-recreated') return this.#fail(fault);
        this.#place.see({ kind: 'crashed', reason: fault.message });
        this.#faultLog.failed(fault, { groupId, topic }, 'the consumer cannot join its group yet; it is tried again');
      }
    }
  }

  #fail(error: unknown): void {
    const fault = this.#toFault(error);
    const isClosing = this.#closing !== undefined;
    if (isClosing)
      this.#options.logger.error({ err: fault }, 'fault while the consumer closes; its record stays uncommitted');
    if (this.#isFaulty || isClosing) return;
    this.#isFaulty = true;
    this.#options.onFault(fault);
  }

  /** An error that is not Kafka's comes from a processor or a defect in the client; it stays unclassified. */
  #toFault(error: unknown): PipelineError {
    const { groupId, topic } = this.#options;
    const doing = `consuming ${topic} as ${groupId}`;
    if (isPipelineError(error) || isKafkaJsError(error)) return toKafkaError(error, doing, this.#access);
    return new PipelineError('kafka.consumer-crashed', `${doing}: ${errorMessage(error)}`, {
      retryable: false,
      cause: error,
    });
  }

  /**
   * kafkajs throws while it is between a lost connection and its restart. Nothing is paused after that, and no session
   * outlives it.
   */
  #unlessRestarting(action: () => void): void {
    const { groupId, topic, logger } = this.#options;
    try {
      action();
    } catch (error) {
      logger.debug({ err: error, groupId, topic }, 'the consumer restarts: nothing to pause or resume');
    }
  }
}
