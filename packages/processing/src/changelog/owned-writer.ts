/** Batches of one partition that its process owns, in the transactions that all of the process's partitions share. */
import { FencedError, assertRecordSize } from '@astrolabe/kafka/internal';
import {
  releaseRecord,
  type BatchWriter,
  type OutgoingRecord,
  type PartitionClaim,
  type TransactionBatch,
  type WriteOutcome,
} from '@astrolabe/records';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { unlessAborted } from '@astrolabe/service-kit/retry';
import { withinMs, type SubmittedBatch } from './group-commit.ts';
import type { Owner } from './owner.ts';

export interface OwnedWriterOptions {
  readonly owner: Owner;
  readonly groupId: string;
  readonly changelogTopic: string;
  readonly partition: number;
  readonly maxRecordBytes: number;
  /** Claims that the first batch removes. */
  readonly ended: readonly PartitionClaim[];
  /** The partition was released: nobody needs to fence this process for it. */
  readonly onReleased: () => void;
}

/** Small batches that came one after the other wait together for the next transaction. */
const MAX_IN_FLIGHT = 4;
/** How long the last batch and the release behind it may take. After that the next owner fences. */
const LAST_WRITE_MS = 1_000;

export class OwnedWriter implements BatchWriter {
  readonly maxInFlight = MAX_IN_FLIGHT;
  readonly spent: Promise<void>;
  readonly #options: OwnedWriterOptions;
  /** Aborted when it can write no longer, with the reason. */
  readonly #over = new AbortController();
  readonly #underWay = new Set<SubmittedBatch>();
  #ended: readonly OutgoingRecord[];
  #isSuperseded = false;

  constructor(options: OwnedWriterOptions) {
    this.#options = options;
    const { groupId, partition } = options;
    this.#ended = options.ended.map(({ owner }) => releaseRecord(groupId, owner, partition));
    const { promise, resolve } = Promise.withResolvers<void>();
    this.spent = promise;
    this.#over.signal.addEventListener('abort', () => resolve(), { once: true });
    void options.owner.untilSpent().then((fault) => this.#end(fault));
  }

  async write({ outputs, state }: TransactionBatch): Promise<WriteOutcome> {
    const { owner, changelogTopic: topic, maxRecordBytes } = this.#options;
    try {
      this.#over.signal.throwIfAborted();
      const records = [...outputs, ...[...this.#ended, ...state].map((record) => ({ ...record, topic }))];
      // Before it shares a transaction with those of other partitions.
      for (const record of records) assertRecordSize(record, maxRecordBytes);
      this.#ended = [];
      const batch = owner.submit(records);
      this.#underWay.add(batch);
      try {
        await unlessAborted(batch.committed, this.#over.signal);
      } finally {
        this.#underWay.delete(batch);
      }
      return { kind: 'written' };
    } catch (error) {
      const fault = error instanceof FencedError ? error : owner.faultOf(error);
      // Batches behind it must not be written without it.
      this.#end(fault);
      if (fault instanceof FencedError) return { kind: 'fenced' };
      throw fault;
    }
  }

  /** The partition was taken over within the process. */
  supersede(): void {
    this.#isSuperseded = true;
    this.#end(new FencedError('the partition was taken over by a later assignment'));
  }

  async close(): Promise<void> {
    const closed = new PipelineError('kafka.unavailable', 'the writer is closed', { retryable: true });
    for (const batch of this.#underWay) batch.withdraw(closed);
    // The claim of a later assignment has the same key.
    if (!this.#isSuperseded) await withinMs(LAST_WRITE_MS, this.#release());
    this.#end(closed);
  }

  /** Committed behind all batches of the partition, or never. */
  async #release(): Promise<void> {
    const { owner, partition, onReleased } = this.#options;
    // Or whoever comes next would wait for those who are fenced, and fence their processes again.
    await owner.release(partition, this.#ended).committed;
    onReleased();
  }

  #end(reason: Error): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort(reason);
    for (const batch of this.#underWay) batch.withdraw(reason);
  }
}
