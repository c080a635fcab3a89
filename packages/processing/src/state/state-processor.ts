/**
 * Records of a partition through a transform with state, exactly once: outputs, state and position of a batch are one
 * transaction.
 *
 * A session takes its partition over in the log, restores state and position from it, and only then transforms its
 * first record. After any failure it does so again: what the log holds is what has happened, however the failed write
 * ended. The transform works on the state directly, since after a failure the state in memory is dropped as a whole.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  positionRecord,
  type BatchWriter,
  type ChangelogStore,
  type ConsumedRecord,
  type TopicRecord,
  type TransactionBatch,
} from '@astrolabe/records';
import { FaultLog, type Logger } from '@astrolabe/service-kit';
import { isPipelineError, type PipelineError } from '@astrolabe/service-kit/errors';
import { fullJitterDelayMs } from '@astrolabe/service-kit/retry';
import type { GroupSession, PartitionProcessor } from '../consumer/partition-processor.ts';
import { RecordBuffer, type TakenBatch } from './state-buffer.ts';
import type { StateProcessorOptions } from './state-processor-options.ts';
import { behind, restorePartition } from './state-restore.ts';
import type { PartitionState } from './state-view.ts';

/** Begins to take over and to restore at once. */
export function createStateProcessor<V, R>(options: StateProcessorOptions<V, R>): PartitionProcessor {
  const processor = new StateProcessor(options);
  processor.start();
  return processor;
}

/** Batches since the last write: what they came to, and how far they reach. */
interface Pending<R> {
  readonly results: R[];
  nextOffset: bigint;
}

const DEFAULT_QUIET_MS = 500;
const DEFAULT_RETRY_BASE_MS = 50;
const DEFAULT_RETRY_MAX_MS = 5_000;
/** How long a write that is nearly done may take when the session ends. */
const LAST_WRITE_MS = 1_000;

class StateProcessor<V, R> implements PartitionProcessor {
  readonly #options: StateProcessorOptions<V, R>;
  readonly #buffer: RecordBuffer;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #running: Promise<void> = Promise.resolve();
  #change = Promise.withResolvers<void>();
  #pending: Pending<R> | undefined;
  #quietTimer: NodeJS.Timeout | undefined;
  /** Whether what left no trace is to be written without waiting for more. */
  #flush = false;
  #draining = false;
  #paused = false;
  #failures = 0;
  readonly #faults: FaultLog;
  /** What the log has taken from this session, and must show. */
  #storedUpTo = 0n;

  constructor(options: StateProcessorOptions<V, R>) {
    this.#options = options;
    this.#faults = new FaultLog(options.logger);
    this.#buffer = new RecordBuffer(options);
    this.#signal = AbortSignal.any([options.session.signal, this.#stop.signal]);
  }

  start(): void {
    this.#running = this.#run();
  }

  enqueue(records: readonly ConsumedRecord[], nextOffset: bigint): void {
    if (this.#isOver()) return;
    this.#buffer.add(records, nextOffset);
    const { maxBufferedRecords, maxBufferedBytes, session } = this.#options;
    if (
      !this.#paused &&
      (this.#buffer.recordCount >= maxBufferedRecords || this.#buffer.sizeBytes >= maxBufferedBytes)
    ) {
      this.#paused = true;
      session.pause();
    }
    this.#changed();
  }

  async idle(): Promise<void> {
    this.#draining = true;
    this.#changed();
    while (!this.#isOver() && this.#buffer.hasUnreleased) await this.#change.promise;
  }

  async stop(): Promise<void> {
    this.#stop.abort(stopped);
    this.#changed();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { session, logger } = this.#options;
    const place = { topic: session.topic, partition: session.partition, epoch: session.epoch };
    while (!this.#isOver()) {
      try {
        const { kind } = await this.#takeOverAndWork();
        if (this.#isOver()) break;
        if (kind === 'superseded') {
          logger.warn(
            place,
            'another process took over the partition; taking it back only if it stays assigned to this process',
          );
          // The new owner needs time to appear in the group; otherwise the two would keep taking the partition from
          // each other.
          this.#failures = Math.max(this.#failures, SUPERSEDED_FAILURES);
        } else {
          logger.info(place, 'this process was fenced; the partition is taken over again');
        }
      } catch (error) {
        if (this.#isOver()) break;
        if (!isPipelineError(error) || !error.retryable) {
          this.#stop.abort(stopped);
          session.fail(error);
          break;
        }
        this.#faults.failed(error, place, 'storing a batch failed; state and position are read from the log again');
        this.#options.onTrouble?.(error);
      }
      this.#failures += 1;
      await this.#pause();
    }
    clearTimeout(this.#quietTimer);
    this.#options.onTrouble?.(undefined);
    this.#changed();
  }

  /** Resolves when it can write no longer, or is stopped; rejects with what went wrong. */
  async #takeOverAndWork(): Promise<{ readonly kind: 'superseded' | 'fenced' }> {
    const { session } = this.#options;
    const restored = await restorePartition({ ...this.#options, signal: this.#signal });
    if (restored.kind === 'superseded') return restored;
    const { writer, state, position } = restored;
    const writes = new Set<Promise<void>>();
    try {
      if (position < this.#storedUpTo) throw behind(session, position, this.#storedUpTo);
      this.#options.onTrouble?.(undefined);
      this.#pending = undefined;
      this.#buffer.rewindTo(position);
      this.#release(position);
      this.#changed();
      await this.#work(writer, state, writes);
      return { kind: 'fenced' };
    } finally {
      if (writes.size > 0) {
        await Promise.race([Promise.allSettled(writes), sleep(LAST_WRITE_MS, undefined, { ref: false })]);
      }
      await Promise.all([writer.close(), ...writes]);
      state.release();
    }
  }

  async #work(writer: BatchWriter, state: PartitionState<V>, writes: Set<Promise<void>>): Promise<void> {
    let ended: { readonly error?: unknown } | undefined;
    // Without records it would learn only at its next batch that it has to take over again.
    void writer.spent.then(() => {
      // What is under way tells why.
      if (writes.size === 0) ended ??= {};
      this.#changed();
    });
    while (!this.#isOver()) {
      if (ended !== undefined) {
        if ('error' in ended) throw ended.error;
        return;
      }
      const next = writes.size < writer.maxInFlight ? this.#nextWrite(state) : undefined;
      if (next === undefined) {
        await this.#change.promise;
        continue;
      }
      const write: Promise<void> = writer
        .write(next.outgoing)
        .then(({ kind }) => {
          if (kind === 'written') this.#stored(next.pending);
          else ended ??= {};
        })
        .catch((error: unknown) => {
          if (isPipelineError(error) && error.retryable) this.#unanswered(next.pending);
          ended ??= { error };
        })
        .finally(() => {
          writes.delete(write);
          this.#changed();
        });
      writes.add(write);
    }
  }

  /** Undefined where there is nothing to write yet. */
  #nextWrite(
    state: PartitionState<V>,
  ): { readonly outgoing: TransactionBatch; readonly pending: Pending<R> } | undefined {
    for (let batch = this.#buffer.take(); batch !== undefined; batch = this.#buffer.take()) {
      const next = this.#transform(batch, state);
      if (next !== undefined) return next;
    }
    const pending = this.#pending;
    if (pending === undefined) return undefined;
    if (this.#flush || this.#draining || this.#paused)
      return { outgoing: this.#outgoingOf(pending, [], [], state), pending };
    this.#quietTimer ??= setTimeout(() => {
      this.#flush = true;
      this.#changed();
    }, this.#options.quietMs ?? DEFAULT_QUIET_MS);
    return undefined;
  }

  #transform(batch: TakenBatch, state: PartitionState<V>) {
    const pending = (this.#pending ??= { results: [], nextOffset: batch.nextOffset });
    pending.nextOffset = batch.nextOffset;
    if (batch.records.length === 0) return undefined;
    const { outputs, result } = this.#options.transform(batch.records, state);
    pending.results.push(result);
    const changes = state.takeChanges(this.#options.session.partition);
    if (outputs.length === 0 && changes.length === 0) return undefined;
    return { outgoing: this.#outgoingOf(pending, outputs, changes, state), pending };
  }

  #outgoingOf(
    pending: Pending<R>,
    outputs: readonly TopicRecord[],
    changes: TransactionBatch['state'],
    state: PartitionState<V>,
  ): TransactionBatch {
    const { changelog, session } = this.#options;
    this.#pending = undefined;
    this.#flush = false;
    clearTimeout(this.#quietTimer);
    this.#quietTimer = undefined;
    const clock = state.takeClock(session.partition);
    const position = positionRecord(changelog.groupId, pending.nextOffset, session);
    return { outputs, state: [...changes, ...clock, position] };
  }

  #stored({ results, nextOffset }: Pending<R>): void {
    this.#failures = 0;
    const { topic, partition } = this.#options.session;
    this.#faults.worked({ topic, partition }, 'batches are stored again');
    this.#storedUpTo = nextOffset;
    this.#options.session.storeOffset(nextOffset);
    for (const result of results) this.#options.onStored?.(result);
    this.#release(nextOffset);
  }

  #unanswered({ results }: Pending<R>): void {
    for (const result of results) this.#options.onUnanswered?.(result);
  }

  #release(nextOffset: bigint): void {
    this.#buffer.releaseBelow(nextOffset);
    const { maxBufferedRecords, maxBufferedBytes, session } = this.#options;
    if (!this.#paused) return;
    if (this.#buffer.recordCount > maxBufferedRecords / 2 || this.#buffer.sizeBytes > maxBufferedBytes / 2) return;
    this.#paused = false;
    session.resume();
  }

  #isOver(): boolean {
    return this.#signal.aborted;
  }

  async #pause(): Promise<void> {
    const { retryBaseMs, retryMaxMs, random = Math.random } = this.#options;
    const pauseMs = fullJitterDelayMs({
      attempt: this.#failures,
      baseMs: retryBaseMs ?? DEFAULT_RETRY_BASE_MS,
      maxMs: retryMaxMs ?? DEFAULT_RETRY_MAX_MS,
      random: random(),
    });
    await sleep(pauseMs, undefined, { signal: this.#signal }).catch(() => undefined);
  }

  #changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}

const stopped = new Error('the session is over');
/** As many failures as make the next pause a long one. */
const SUPERSEDED_FAILURES = 6;
