/**
 * A member of a consumer group, as our processors see it: sessions of partitions, records, fenced commits.
 *
 * What kafkajs lacks and this adds: the fetch loop never waits for work (one slow partition would stall the others); a
 * session with an epoch for each assignment, kept across rebalances that leave the partition here, ended before
 * anything else when it is lost; commits only for sessions that live; a crash that kafkajs would survive silently
 * becomes a fault.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaConnection } from '@astrolabe/kafka';
import {
  clientOf,
  isKafkaJsError,
  recordsOf,
  toKafkaError,
  type AccessContext,
  type RetryOptions,
} from '@astrolabe/kafka/internal';
import { FaultLog, type Logger } from '@astrolabe/service-kit';
import { PipelineError, errorMessage, isPipelineError } from '@astrolabe/service-kit/errors';
import { CommitLoop } from './commit-loop.ts';
import type { GroupSession, PartitionProcessor } from './partition-processor.ts';
import { PartitionSessions, type Membership } from './partition-sessions.ts';
import { openTopicGuard, type TopicGuard } from './topic-guard.ts';

export interface GroupConsumerOptions {
  readonly connection: KafkaConnection;
  readonly groupId: string;
  readonly topic: string;
  readonly createProcessor: (session: GroupSession) => PartitionProcessor;
  /** What stops the consumer for good: the caller shuts the process down. Called at most once. */
  readonly onFault: (fault: PipelineError) => void;
  readonly logger: Logger;
  /** Default 100. After a crash at most this much finished work is repeated. */
  readonly commitIntervalMs?: number;
  /** Default 200; bounds the latency of resume and of shutdown (kafkajs wakes for neither). */
  readonly maxWaitTimeMs?: number;
  /** Default 1 MiB a partition in one fetch. */
  readonly maxBytesPerPartition?: number;
  /** After this silence the group gives this member up: how long its partitions rest after a crash. Default 10,000. */
  readonly sessionTimeoutMs?: number;
}

export interface GroupConsumer {
  /** Partitions owned now. */
  assignment(): readonly number[];
  /** Whether the group has been joined and the consumer runs. */
  isRunning(): boolean;
  /** Why the consumer does not read; undefined while it is a member of its group. */
  trouble(): string | undefined;
  /** Stops fetching, lets work in flight finish for up to `deadlineMs`, commits, leaves the group. Never rejects. */
  close(deadlineMs: number): Promise<void>;
}

/**
 * Joins the group; resolves once the first assignment is here. Rejects with `kafka.unavailable` when the brokers cannot
 * be reached, with `kafka.topic-missing`, and with `kafka.unauthorized`: all are retryable.
 */
export async function startGroupConsumer(options: GroupConsumerOptions): Promise<GroupConsumer> {
  const { connection, topic, groupId } = options;
  const guard = await openTopicGuard({ connection, topic, groupId });
  try {
    return await startGuarded(options, guard);
  } catch (error) {
    await guard.close();
    throw error;
  }
}

async function startGuarded(options: GroupConsumerOptions, guard: TopicGuard): Promise<GroupConsumer> {
  const { groupId, topic, logger } = options;
  const { principal } = options.connection;
  const access: AccessContext = {
    principal,
    groupId,
    topics: [{ operation: 'Read', resourceType: 'topic', resource: topic }],
  };
  const maxWaitTimeMs = options.maxWaitTimeMs ?? 200;
  const sessionTimeoutMs = options.sessionTimeoutMs ?? 10_000;
  const consumer = clientOf(options.connection, RETRY).consumer({
    groupId,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: maxWaitTimeMs,
    maxBytesPerPartition: options.maxBytesPerPartition ?? 1_048_576,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: 60_000,
    heartbeatInterval: Math.min(3_000, Math.floor(sessionTimeoutMs / 3)),
    readUncommitted: false,
    retry: RETRY,
  });

  /** Whether we are in the group, as far as we know. */
  let isMember = false;
  let stopped = false;
  let closing: Promise<void> | undefined;
  /** The last reason for not being in the group. */
  let absence: string | undefined;
  const faultLog = new FaultLog(logger);
  const doing = `consuming ${topic} as ${groupId}`;
  const fail = (error: unknown): void => {
    const fault = toConsumerFault(error, doing, access);
    if (closing !== undefined)
      logger.error({ err: fault }, 'fault while the consumer closes; its record stays uncommitted');
    if (stopped || closing !== undefined) return;
    stopped = true;
    options.onFault(fault);
  };

  // kafkajs throws while it is between a lost connection and its restart. Nothing is paused after that, and no session
  // outlives it.
  const unlessRestarting = (action: () => void): void => {
    try {
      action();
    } catch (error) {
      logger.debug({ err: error, groupId, topic }, 'the consumer restarts: nothing to pause or resume');
    }
  };
  const sessions = new PartitionSessions({
    topic,
    topicId: guard.topicId,
    createProcessor: options.createProcessor,
    pause: (partition) => unlessRestarting(() => consumer.pause([{ topic, partitions: [partition] }])),
    resume: (partition) => unlessRestarting(() => consumer.resume([{ topic, partitions: [partition] }])),
    fail,
    logger,
  });

  const joined = Promise.withResolvers<void>();
  // Awaited below; a crash before that must not count as an unhandled rejection.
  joined.promise.catch(() => undefined);
  let hasJoined = false;
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    const partitions = payload.memberAssignment[topic] ?? [];
    sessions.assign(payload as typeof payload & Membership, partitions);
    logger.info({ groupId, topic, partitions }, 'partitions assigned');
    faultLog.worked({ groupId, topic }, 'the consumer is in its group again');
    isMember = true;
    absence = undefined;
    hasJoined = true;
    joined.resolve();
  });
  // Batches that hold only control records and aborted ones never reach eachBatch. Uncounted, they would show as lag
  // that never goes away.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    if (payload.topic === topic && payload.batchSize === 0) {
      sessions.enqueue(payload.partition, [], BigInt(payload.lastOffset) + 1n);
    }
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    isMember = false;
    const fault = toConsumerFault(payload.error, doing, access);
    absence = fault.message;
    if (!hasJoined && !payload.restart) return joined.reject(fault);
    if (!payload.restart && !fault.retryable) return fail(fault);
    faultLog.failed(fault, { groupId, topic }, 'the consumer has left its group and joins again');
    if (!payload.restart) void rejoin();
  });

  const join = async (): Promise<void> => {
    await consumer.connect();
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: true,
      eachBatch: async ({ batch, heartbeat }) => {
        sessions.enqueue(batch.partition, recordsOf(batch), BigInt(batch.lastOffset()) + 1n);
        await heartbeat();
      },
    });
  };
  /** kafkajs restarts by itself after most of what may pass, but not where it finds no coordinator of the group. */
  const rejoin = async (): Promise<void> => {
    while (closing === undefined && !stopped) {
      await sleep(RETRY.maxRetryTime);
      try {
        // Without the right to read the topic a member joins, fails at its first fetch, and makes the group rebalance
        // each time.
        await guard.check();
        return await join();
      } catch (error) {
        const fault = toConsumerFault(error, doing, access);
        if (fault.code === 'kafka.topic-recreated') return fail(fault);
        absence = fault.message;
        faultLog.failed(fault, { groupId, topic }, 'the consumer cannot join its group yet; it is tried again');
      }
    }
  };

  const commitLoop = new CommitLoop({
    commitOffsets: (offsets) => consumer.commitOffsets(offsets),
    sessions,
    guard,
    isMember: () => isMember,
    intervalMs: options.commitIntervalMs ?? 100,
    onFault: fail,
    logger,
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await join();
    await joined.promise;
  } catch (error) {
    closing = Promise.resolve();
    await consumer.disconnect().catch(() => undefined);
    throw toKafkaError(error, `joining group ${groupId}`, access);
  }
  commitLoop.start();

  const isRunning = (): boolean => isMember && !stopped && closing === undefined;
  const close = async (deadlineMs: number): Promise<void> => {
    const deadlineAtMs = performance.now() + deadlineMs;
    // 1. No new records. 2. What is in flight finishes or is abandoned. 3. What finished is committed. 4. The group
    //    moves on at once.
    sessions.close();
    await sessions.drain(deadlineMs);
    await commitLoop.finish(deadlineAtMs);
    await sessions.endAll();
    await guard.close();
    await consumer.disconnect().catch((error: unknown) => {
      logger.warn({ err: error, groupId }, 'leaving the group failed; the broker will notice by the session timeout');
    });
  };
  return {
    assignment: () => sessions.partitions(),
    isRunning,
    trouble: () => {
      if (isRunning()) return undefined;
      return `not a member of ${groupId}${absence === undefined ? '' : `: ${absence}`}`;
    },
    close: (deadlineMs) => (closing ??= close(deadlineMs)),
  };
}

/**
 * About ten seconds of looking for a broker or a coordinator; then kafkajs starts over, with a pause of `maxRetryTime`.
 */
const RETRY: RetryOptions = { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8 };

/** An error that is not Kafka's comes from a processor or a defect in the client; it stays unclassified. */
function toConsumerFault(error: unknown, doing: string, access: AccessContext): PipelineError {
  if (isPipelineError(error) || isKafkaJsError(error)) return toKafkaError(error, doing, access);
  return new PipelineError('kafka.consumer-crashed', `${doing}: ${errorMessage(error)}`, {
    retryable: false,
    cause: error,
  });
}
