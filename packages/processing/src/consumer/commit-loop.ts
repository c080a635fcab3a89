/**
 * Commits what the sessions of a consumer declare, one request at a time. A failed commit is only late: the next round
 * asks again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { withTopicId } from '@astrolabe/records';
import type { Logger } from '@astrolabe/service-kit';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { unlessAborted } from '@astrolabe/service-kit/retry';
import type { PartitionSessions } from './partition-sessions.ts';
import type { TopicGuard } from './topic-guard.ts';

export interface OffsetToCommit {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly metadata: string;
}

export interface CommitLoopOptions {
  readonly commitOffsets: (offsets: OffsetToCommit[]) => Promise<void>;
  readonly sessions: PartitionSessions;
  /** Asked before every commit: an offset of a topic that was created again must not be stored for the new one. */
  readonly guard: TopicGuard;
  readonly isMember: () => boolean;
  readonly intervalMs: number;
  /** For the answer to a commit. Default 45,000, longer than kafkajs connects and waits for an answer. */
  readonly answerTimeoutMs?: number;
  /** What cannot be waited for. */
  readonly onFault: (fault: unknown) => void;
  readonly logger: Logger;
}

/** How often the topic is looked at while nothing is due. */
const IDLE_CHECK_MS = 5_000;
const ANSWER_TIMEOUT_MS = 45_000;

export class CommitLoop {
  readonly #options: CommitLoopOptions;
  readonly #answerTimeoutMs: number;
  #timer: NodeJS.Timeout | undefined;
  #current: Promise<void> = Promise.resolve();
  #finished = false;
  #checkedAtMs = performance.now();
  /** Whether the last round was refused: a long outage is logged once. */
  #refused = false;

  constructor(options: CommitLoopOptions) {
    this.#options = options;
    this.#answerTimeoutMs = options.answerTimeoutMs ?? ANSWER_TIMEOUT_MS;
  }

  start(): void {
    if (this.#finished) return;
    this.#timer = setTimeout(() => {
      this.#current = this.#round().finally(() => {
        this.start();
      });
    }, this.#options.intervalMs);
  }

  /**
   * Stops the loop and commits what is left; tries again until the deadline, since a rebalance refuses commits for a
   * moment.
   */
  async finish(deadlineAtMs: number): Promise<void> {
    const { sessions, isMember, intervalMs } = this.#options;
    this.#finished = true;
    clearTimeout(this.#timer);
    await this.#current;
    await this.#round();
    while (sessions.due().length > 0 && isMember() && performance.now() < deadlineAtMs) {
      await sleep(intervalMs);
      await this.#round();
    }
  }

  async #round(): Promise<void> {
    const { commitOffsets, sessions, guard, isMember, onFault, logger } = this.#options;
    if (!isMember()) return;
    const isIdle = sessions.due().length === 0;
    if (isIdle && (this.#finished || performance.now() - this.#checkedAtMs < IDLE_CHECK_MS)) return;
    try {
      await guard.check();
      this.#checkedAtMs = performance.now();
      // What has become due meanwhile was read before the check as well.
      const due = sessions.due();
      if (due.length === 0) return;
      const offsets = due.map(({ session: { topic, partition, topicId }, nextOffset, metadata }) => ({
        topic,
        partition,
        offset: nextOffset.toString(),
        metadata: withTopicId(metadata, topicId),
      }));
      // A request that kafkajs loses with its connection never settles: awaited without a limit, it would be the last.
      await unlessAborted(commitOffsets(offsets), AbortSignal.timeout(this.#answerTimeoutMs));
      for (const { session, nextOffset, metadata } of due) session.committed(nextOffset, metadata);
      if (this.#refused) logger.info({ offsets }, 'commits are taken again');
      this.#refused = false;
    } catch (error) {
      if (isPipelineError(error) && !error.retryable) return onFault(error);
      // A rebalance in progress or a coordinator on the move. What is still ours is due again in the next round; what
      // was lost must not be committed by us, and the sessions forget it.
      if (!this.#refused)
        logger.info({ err: error }, 'offset commit rejected; retrying for the partitions still owned');
      this.#refused = true;
    }
  }
}
