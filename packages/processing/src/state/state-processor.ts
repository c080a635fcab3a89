/**
 * Records of a partition through a transform with state, exactly once: outputs, state and position of a batch are one
 * transaction.
 *
 * A session takes its partition over in the log, restores state and position from it, and only then transforms its
 * first record. After any failure it does so again: what the log holds is what has happened, however the failed write
 * ended. The transform works on the state directly, since after a failure the state in memory is dropped as a whole.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsumedRecord } from '@astrolabe/records';
import { FaultLog } from '@astrolabe/service-kit';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { fullJitterDelayMs } from '@astrolabe/service-kit/retry';
import type { WorkPosition } from '../consumer/core/partition-lag.ts';
import type { PartitionProcessor } from '../consumer/partition-processor.ts';
import { Change } from './change.ts';
import { OwnedPartition } from './owned-partition.ts';
import { RecordBuffer } from './state-buffer.ts';
import type { StateProcessorOptions } from './state-processor-options.ts';
import { behind, restorePartition, type RestoredPartition } from './state-restore.ts';

/** Begins to take over and to restore at once. */
export function createStateProcessor<V, R>(options: StateProcessorOptions<V, R>): PartitionProcessor {
  const processor = new StateProcessor(options);
  processor.start();
  return processor;
}

const DEFAULT_RETRY_BASE_MS = 50;
const DEFAULT_RETRY_MAX_MS = 5_000;

class StateProcessor<V, R> implements PartitionProcessor {
  readonly #options: StateProcessorOptions<V, R>;
  readonly #buffer: RecordBuffer;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #change = new Change();
  #running: Promise<void> = Promise.resolve();
  #draining = false;
  #paused = false;
  #isRestored = false;
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
    if (records.length > 0) this.#options.replays?.liveCame(records.length);
    const { maxBufferedRecords, maxBufferedBytes, session } = this.#options;
    if (
      !this.#paused &&
      (this.#buffer.recordCount >= maxBufferedRecords || this.#buffer.sizeBytes >= maxBufferedBytes)
    ) {
      this.#paused = true;
      session.pause();
    }
    this.#change.happened();
  }

  workPosition(): WorkPosition | undefined {
    const { oldest, floor, end } = this.#buffer;
    const oldestAtMs = oldest?.timestampMs;
    // Before the position is restored, what the group had committed is known by the first record that it gave.
    const finishedTo = this.#isRestored ? floor : oldest?.offset;
    return finishedTo === undefined ? undefined : { finishedTo, readTo: end > floor ? end : floor, oldestAtMs };
  }

  async idle(): Promise<void> {
    this.#draining = true;
    this.#change.happened();
    while (!this.#isOver() && this.#buffer.hasUnreleased) await this.#change.next();
  }

  async stop(): Promise<void> {
    this.#stop.abort(stopped);
    this.#change.happened();
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
          logger.info(place, 'a transaction of this process failed or was fenced; the partition is taken over again');
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
    this.#options.onTrouble?.(undefined);
    this.#change.happened();
  }

  /** Resolves when it can write no longer, or is stopped; rejects with what went wrong. */
  async #takeOverAndWork(): Promise<{ readonly kind: 'superseded' | 'fenced' }> {
    const { session } = this.#options;
    const restored = await restorePartition({ ...this.#options, signal: this.#signal });
    if (restored.kind === 'superseded') return restored;
    const partition = this.#begin(restored);
    try {
      const { position } = restored;
      if (position < this.#storedUpTo) throw behind(session, position, this.#storedUpTo);
      this.#buffer.rewindTo(position);
      this.#isRestored = true;
      this.#release(position);
      // What failed is written next: said to go on before that is stored, a service would be ready between its retries.
      if (!this.#buffer.hasUnreleased) this.#options.onTrouble?.(undefined);
      this.#change.happened();
      await partition.work();
      return { kind: 'fenced' };
    } finally {
      await partition.end();
    }
  }

  #begin(restored: RestoredPartition<V>): OwnedPartition<V, R> {
    return new OwnedPartition({
      ...this.#options,
      restored,
      buffer: this.#buffer,
      change: this.#change,
      isOver: () => this.#isOver(),
      isDraining: () => this.#draining,
      isPaused: () => this.#paused,
      onWritten: () => {
        this.#failures = 0;
        this.#options.onTrouble?.(undefined);
        const { topic, partition } = this.#options.session;
        this.#faults.worked({ topic, partition }, 'batches are stored again');
      },
      onPosition: (nextOffset, results) => this.#stored(nextOffset, results),
    });
  }

  #stored(nextOffset: bigint, results: readonly R[]): void {
    this.#storedUpTo = nextOffset;
    this.#options.session.storeOffset(nextOffset);
    for (const result of results) this.#options.onStored?.(result);
    this.#release(nextOffset);
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
}

const stopped = new Error('the session is over');
/** As many failures as make the next pause a long one. */
const SUPERSEDED_FAILURES = 6;
