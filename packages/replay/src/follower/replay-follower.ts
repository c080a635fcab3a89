/**
 * Follows `astrolabe.replays.v1` for the life of a process: what is ordered, and how far everybody is. Without a
 * consumer group, since every process needs all of it. At rest it costs one fetch that waits at the broker.
 */
import type { ConsumedRecord, PartitionReader } from '@astrolabe/records';
import { FaultLog, retry, retryPolicies, type Logger } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { readReplayRecord } from '../core/replay-record.ts';
import { ReplayTable, type ReplaySnapshot } from '../core/replay-table.ts';

export interface ReplayFollowerOptions {
  /** For those who take a partition over; unpaged. */
  readonly reader: Pick<PartitionReader, 'read' | 'offsets'>;
  /**
   * Reads what comes, as long as the process lives. On a connection of its own: a broker answers the requests of one
   * after the other, and the one at rest waits there.
   */
  readonly tail: Pick<PartitionReader, 'read'>;
  /** `topics.replays`. */
  readonly topic: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** A defect, which no repetition repairs: nothing is followed any more. */
  readonly onFault: (error: unknown) => void;
}

/** Outages, missing rights and a missing topic are waited out and logged. */
export interface ReplayFollower {
  /** What is known by now; nothing before the first records were read. */
  current(): ReplaySnapshot;
  /** Calls after each change, with what `current` gives by then. Returns how to end that. */
  onChange(listener: (snapshot: ReplaySnapshot) => void): () => void;
  /**
   * Resolves with a state that holds everything that was committed before the call, however long the brokers are away:
   * for who takes a partition over, and must go on where its owner before has stopped. It waits for transactions that
   * are open at the call, so nothing but replays may wait for it. Rejects with the signal's reason, or once the
   * follower is closed.
   */
  upToDate(signal: AbortSignal): Promise<ReplaySnapshot>;
  close(): Promise<void>;
}

/** Far beyond any offset: a live tail. */
const NO_END = 2n ** 62n;
const PARTITION = 0;

export function followReplays(options: ReplayFollowerOptions): ReplayFollower {
  return new TopicFollower(options);
}

class TopicFollower implements ReplayFollower {
  readonly #options: ReplayFollowerOptions;
  readonly #table = new ReplayTable();
  readonly #closing = new AbortController();
  readonly #listeners = new Set<(snapshot: ReplaySnapshot) => void>();
  readonly #faults: FaultLog;
  readonly #following: Promise<void>;
  #nextOffset = 0n;

  constructor(options: ReplayFollowerOptions) {
    this.#options = options;
    this.#faults = new FaultLog(options.logger);
    this.#following = this.#follow();
  }

  current(): ReplaySnapshot {
    return this.#table.snapshot();
  }

  onChange(listener: (snapshot: ReplaySnapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async upToDate(signal: AbortSignal): Promise<ReplaySnapshot> {
    const { reader, topic } = this.#options;
    const ends = AbortSignal.any([signal, this.#closing.signal]);
    await this.#repeat(async () => {
      const { highWatermark } = await reader.offsets(topic, PARTITION);
      // A read of its own: the live one does not tell that it has passed markers at the end of the topic.
      await this.#read(reader, highWatermark, ends);
    }, ends);
    return this.current();
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('replays are not followed any more'));
    await this.#following;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closing;
    const { tail } = this.#options;
    try {
      await this.#repeat(() => this.#read(tail, NO_END, signal), signal);
    } catch (error) {
      if (!signal.aborted) this.#options.onFault(error);
    }
  }

  #repeat(action: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { clock, random, topic } = this.#options;
    return retry(action, {
      policy: retryPolicies.dependency,
      signal,
      onAbort: 'await',
      clock,
      random,
      isRetryable: isPipelineError,
      onFailure: ({ error, failures }) => {
        // Offsets beyond the end are those of a topic that is gone: the present one is read from its start.
        if (isPipelineError(error) && error.code === 'kafka.offset-out-of-range') this.#startOver();
        this.#faults.failed(error, { topic, attempt: failures }, 'reading the replays failed; retrying');
      },
    });
  }

  async #read(reader: Pick<PartitionReader, 'read'>, endOffset: bigint, signal: AbortSignal): Promise<void> {
    const { topic, logger } = this.#options;
    const fromOffset = this.#nextOffset;
    if (fromOffset >= endOffset) return;
    await reader.read({
      topic,
      partition: PARTITION,
      fromOffset,
      endOffset,
      signal,
      onRecords: (records, nextOffset) => this.#take(records, nextOffset),
      onUnreadable: ({ fromOffset: from, nextOffset, reason }) => {
        const fields = { topic, fromOffset: from.toString(), nextOffset: nextOffset.toString(), reason };
        logger.warn(fields, 'records of replays cannot be read; skipped');
      },
    });
  }

  /** Two reads may bring the same records: those below the position are known. */
  #take(records: readonly ConsumedRecord[], nextOffset: bigint): void {
    const fresh = records.filter(({ offset }) => offset >= this.#nextOffset);
    if (nextOffset > this.#nextOffset) this.#nextOffset = nextOffset;
    if (fresh.length === 0) return;
    for (const record of fresh) this.#apply(record);
    const snapshot = this.current();
    for (const listener of this.#listeners) listener(snapshot);
  }

  #apply(record: ConsumedRecord): void {
    const read = readReplayRecord(record);
    if (read.kind === 'unreadable') {
      const { topic, logger } = this.#options;
      const { key, reason } = read;
      logger.warn(
        { topic, offset: record.offset.toString(), key, reason },
        'a record of a replay cannot be read; skipped',
      );
    }
    this.#table.apply(read);
  }

  #startOver(): void {
    this.#nextOffset = 0n;
    this.#table.clear();
  }
}
