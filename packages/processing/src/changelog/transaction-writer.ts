/**
 * Batches as Kafka transactions, fenced by transactional ids of the input partition's own.
 *
 * What a record waits for is round trips, so there are few: the transaction of the next batch is begun as soon as the
 * last one has ended, with the partitions that the last one had, and a batch then costs a produce and a commit. The
 * input's position is a record of the changelog topic's partition, not a committed offset of the group: that would be
 * two round trips more.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  FencedError,
  cutIntoRequests,
  placeRecords,
  toTransactionError,
  type TopicPartition,
  type TransactionOwner,
  type TransactionSession,
} from '@astrolabe/kafka/internal';
import type { BatchWriter, TransactionBatch, WriteOutcome } from '@astrolabe/records';
import { PipelineError } from '@astrolabe/service-kit/errors';

export interface TransactionWriterOptions {
  /** Taken in turns, so that the next batch need not wait until the last one's markers are written. */
  readonly sessions: readonly TransactionSession[];
  readonly owner: TransactionOwner;
  readonly changelogTopic: string;
  readonly maxRequestBytes: number;
  readonly maxRecordBytes: number;
  /**
   * A transaction that was begun and got no records is aborted after this: well before the coordinator does, and
   * fences.
   */
  readonly idleTimeoutMs: number;
}

const LAST_ABORT_MS = 1_000;

/** A session between its batches. */
interface Slot {
  readonly session: TransactionSession;
  /** Settles when the session can take the next batch. */
  free: Promise<void>;
  idleTimer: NodeJS.Timeout | undefined;
}

export class TransactionWriter implements BatchWriter {
  readonly maxInFlight: number;
  readonly #options: TransactionWriterOptions;
  readonly #slots: readonly Slot[];
  #turn = 0;
  /** Of the last batch: its records are stored, and it is committed. */
  #produced: Promise<void> = Promise.resolve();
  #committed: Promise<void> = Promise.resolve();
  #failed = false;
  #closed = false;

  constructor(options: TransactionWriterOptions) {
    this.#options = options;
    this.#slots = options.sessions.map((session) => ({ session, free: Promise.resolve(), idleTimer: undefined }));
    this.maxInFlight = options.sessions.length;
  }

  async write(batch: TransactionBatch): Promise<WriteOutcome> {
    const slot = this.#slots[this.#turn % this.maxInFlight];
    if (slot === undefined) throw new Error('a writer needs a session');
    this.#turn += 1;
    const [free, earlierProduced, earlierCommitted] = [slot.free, this.#produced, this.#committed];
    const partitions = Promise.withResolvers<readonly TopicPartition[]>();
    const produced = this.#produce(slot, batch, free, earlierProduced, partitions.resolve);
    // Order: a batch is committed after the one before it, or never.
    const committed = Promise.all([produced, earlierCommitted]).then(() => {
      this.#assertOpen();
      return slot.session.end(true);
    });
    this.#produced = produced;
    this.#committed = committed;
    slot.free = committed.then(async () => this.#beginNext(slot, await partitions.promise));
    for (const each of [produced, committed, slot.free]) each.catch(() => undefined);
    try {
      await committed;
      return { kind: 'written' };
    } catch (error) {
      this.#failed = true;
      const { changelogTopic, owner } = this.#options;
      const fault = toTransactionError(error, `writing a transaction that ends on ${changelogTopic}`, owner);
      if (fault instanceof FencedError) return { kind: 'fenced' };
      throw fault;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(
      this.#slots.map(async (slot) => {
        clearTimeout(slot.idleTimer);
        // Left open, it would stay so until the next owner comes or its time is up.
        if (!this.#failed) {
          const aborted = slot.session.end(false).catch(() => undefined);
          await Promise.race([aborted, sleep(LAST_ABORT_MS, undefined, { ref: false })]);
        }
        await slot.session.close();
      }),
    );
  }

  async #produce(
    slot: Slot,
    batch: TransactionBatch,
    free: Promise<void>,
    earlierProduced: Promise<void>,
    onPlaced: (partitions: readonly TopicPartition[]) => void,
  ): Promise<void> {
    const { changelogTopic, maxRecordBytes, maxRequestBytes } = this.#options;
    const { session } = slot;
    const records = [...batch.outputs, ...batch.state.map((record) => ({ ...record, topic: changelogTopic }))];
    await session.lookUp(new Set(records.map(({ topic }) => topic)));
    const placed = placeRecords(records, (topic) => session.leadersOf(topic), maxRecordBytes);
    onPlaced(placed);
    await free;
    this.#assertOpen();
    clearTimeout(slot.idleTimer);
    await session.add(placed);
    // Order within a partition: two sessions have a connection each.
    await earlierProduced;
    await session.produce(cutIntoRequests(placed, maxRequestBytes));
  }

  /**
   * Closing aborts the transaction: to go on with it would store a part of the batch, or commit nothing and report
   * success.
   */
  #assertOpen(): void {
    if (this.#closed) throw new PipelineError('kafka.unavailable', 'the writer is closed', { retryable: true });
  }

  async #beginNext(slot: Slot, partitions: readonly TopicPartition[]): Promise<void> {
    if (this.#closed) return;
    await slot.session.add(partitions.map(({ topic, partition }) => ({ topic, partition })));
    slot.idleTimer = setTimeout(() => {
      slot.free = slot.session.end(false);
      slot.free.catch(() => undefined);
    }, this.#options.idleTimeoutMs);
    slot.idleTimer.unref();
  }
}
