/**
 * A partition from one takeover to the next failure: its records through the transform and into the log, and what is
 * replayed of it beside them. Live records go first: nothing is replayed while one waits, and what was replayed until
 * then is written before it, since both change one state.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { positionRecord, replayPositionRecord, type TopicRecord, type TransactionBatch } from '@astrolabe/records';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import type { Change } from './change.ts';
import type { ReplayLane } from './replay-lane.ts';
import type { RecordBuffer, TakenBatch } from './state-buffer.ts';
import type { StateProcessorOptions } from './state-processor-options.ts';
import type { RestoredPartition } from './state-restore.ts';

export interface OwnedPartitionOptions<V, R> extends StateProcessorOptions<V, R> {
  readonly restored: RestoredPartition<V>;
  readonly buffer: RecordBuffer;
  /** Something has come, has been written, or is over. */
  readonly change: Change;
  readonly isOver: () => boolean;
  /** The session comes to its end: nothing more is replayed. */
  readonly isDraining: () => boolean;
  /** What left no trace is to be written without waiting for more. */
  readonly isPaused: () => boolean;
  /** A write of either kind was stored. */
  readonly onWritten: () => void;
  /** Everything live below `nextOffset` is stored, with these results. */
  readonly onPosition: (nextOffset: bigint, results: readonly R[]) => void;
}

/** Batches since the last write: what they came to, and how far they reach. */
interface Pending<R> {
  readonly results: R[];
  nextOffset: bigint;
}

interface Write {
  readonly kind: 'live' | 'replayed';
  readonly outgoing: TransactionBatch;
  readonly onStored: () => void;
  /** It ended without an answer. */
  readonly onUnanswered: () => void;
}

const DEFAULT_QUIET_MS = 500;
/** How long a write that is nearly done may take when the session ends. */
const LAST_WRITE_MS = 1_000;

export class OwnedPartition<V, R> {
  readonly #options: OwnedPartitionOptions<V, R>;
  readonly #replays: ReplayLane<V> | undefined;
  readonly #writes = new Set<Promise<void>>();
  readonly #inFlight = { live: 0, replayed: 0 };
  #pending: Pending<R> | undefined;
  #quietTimer: NodeJS.Timeout | undefined;
  #isQuiet = false;
  /** Follows what has been through the transform. */
  #position: bigint;
  #ended: { readonly error?: unknown } | undefined;

  constructor(options: OwnedPartitionOptions<V, R>) {
    this.#options = options;
    const { restored, session, change } = options;
    this.#position = restored.position;
    this.#replays = options.replays?.open({ session, stored: restored.replays, onReady: () => change.happened() });
  }

  /** Resolves when it can write no longer, or is over; rejects with what went wrong. */
  async work(): Promise<void> {
    const { isOver, change } = this.#options;
    const { writer } = this.#options.restored;
    // Without records it would learn only at its next batch that it has to take over again.
    void writer.spent.then(() => {
      // What is under way tells why.
      if (this.#writes.size === 0) this.#ended ??= {};
      change.happened();
    });
    while (!isOver()) {
      if (this.#ended !== undefined) {
        if ('error' in this.#ended) throw this.#ended.error;
        return;
      }
      const write = this.#replayedBeforeLive() ?? this.#nextLive() ?? this.#nextReplayed();
      if (write === undefined) await change.next();
      else this.#begin(write);
    }
  }

  /** Leaves the partition to its next owner. Never rejects. */
  async end(): Promise<void> {
    const { writer, state } = this.#options.restored;
    clearTimeout(this.#quietTimer);
    const replaysClosed = this.#replays?.close();
    if (this.#writes.size > 0) {
      await Promise.race([Promise.allSettled(this.#writes), sleep(LAST_WRITE_MS, undefined, { ref: false })]);
    }
    await Promise.all([writer.close(), replaysClosed, ...this.#writes]);
    state.release();
  }

  #begin({ kind, outgoing, onStored, onUnanswered }: Write): void {
    this.#inFlight[kind] += 1;
    const write: Promise<void> = this.#options.restored.writer
      .write(outgoing)
      .then((outcome) => {
        if (outcome.kind !== 'written') {
          this.#ended ??= {};
          return;
        }
        this.#options.onWritten();
        onStored();
      })
      .catch((error: unknown) => {
        if (isPipelineError(error) && error.retryable) onUnanswered();
        this.#ended ??= { error };
      })
      .finally(() => {
        this.#inFlight[kind] -= 1;
        this.#writes.delete(write);
        this.#options.change.happened();
      });
    this.#writes.add(write);
  }

  /** Undefined where there is nothing to write yet. */
  #nextLive(): Write | undefined {
    const { buffer, isPaused, isDraining, change, quietMs, restored } = this.#options;
    if (this.#inFlight.live >= restored.writer.maxInFlight) return undefined;
    for (let batch = buffer.take(); batch !== undefined; batch = buffer.take()) {
      const write = this.#transform(batch);
      if (write !== undefined) return write;
    }
    const pending = this.#pending;
    if (pending === undefined) return undefined;
    if (this.#isQuiet || isDraining() || isPaused()) return this.#liveWrite(pending, [], []);
    this.#quietTimer ??= setTimeout(() => {
      this.#isQuiet = true;
      change.happened();
    }, quietMs ?? DEFAULT_QUIET_MS);
    return undefined;
  }

  #transform(batch: TakenBatch): Write | undefined {
    const { transform, session, restored } = this.#options;
    const pending = (this.#pending ??= { results: [], nextOffset: batch.nextOffset });
    pending.nextOffset = batch.nextOffset;
    this.#position = batch.nextOffset;
    if (batch.records.length === 0) return undefined;
    const { outputs, result } = transform(batch.records, restored.state);
    pending.results.push(result);
    const changes = restored.state.takeChanges(session.partition);
    if (outputs.length === 0 && changes.length === 0) return undefined;
    return this.#liveWrite(pending, outputs, changes);
  }

  #liveWrite(pending: Pending<R>, outputs: readonly TopicRecord[], changes: TransactionBatch['state']): Write {
    const { changelog, session, restored, onUnanswered, onPosition } = this.#options;
    this.#pending = undefined;
    this.#isQuiet = false;
    clearTimeout(this.#quietTimer);
    this.#quietTimer = undefined;
    const clock = restored.state.takeClock(session.partition);
    const { results, nextOffset } = pending;
    const position = positionRecord(changelog.groupId, nextOffset, session);
    return {
      kind: 'live',
      outgoing: { outputs, state: [...changes, ...clock, position] },
      onStored: () => onPosition(nextOffset, results),
      onUnanswered: () => {
        for (const result of results) onUnanswered?.(result);
      },
    };
  }

  /** A live record must not be handled on changes of the state that a later transaction would store. */
  #replayedBeforeLive(): Write | undefined {
    const { buffer, isDraining } = this.#options;
    return buffer.hasMore || isDraining() ? this.#replayedWrite() : undefined;
  }

  #nextReplayed(): Write | undefined {
    const { buffer, isDraining, restored } = this.#options;
    // One at a time, so that live records that come now wait for no more than that.
    if (this.#replays === undefined || this.#inFlight.replayed > 0 || buffer.hasMore || isDraining()) return undefined;
    return this.#replays.step(restored.state, this.#position) === 'complete' ? this.#replayedWrite() : undefined;
  }

  #replayedWrite(): Write | undefined {
    const chunk = this.#replays?.takeChunk();
    if (chunk === undefined) return undefined;
    const { changelog, session, restored } = this.#options;
    const { partition } = session;
    const positions = [...chunk.positions].map(([id, value]) =>
      replayPositionRecord(changelog.groupId, id, value, partition),
    );
    const changes = [...restored.state.takeChanges(partition), ...restored.state.takeClock(partition)];
    return {
      kind: 'replayed',
      outgoing: { outputs: chunk.outputs, state: [...changes, ...positions] },
      onStored: chunk.onStored,
      onUnanswered: () => undefined,
    };
  }
}
