/**
 * One run of a replay: batches at the rate, each with the state behind it and the position of the replay's group in one
 * transaction. A crash anywhere leaves records that are sent and counted, or neither.
 *
 * Live traffic goes first. Nothing is sent while the services are behind, and only so many records are under way at a
 * time. A transaction has records of one source partition and there are about ten a second, so that few live records
 * wait behind an open one.
 */
import type { ConsumedRecord } from '@astrolabe/records';
import type { Cluster, OperationRun, ProgressSnapshot } from '../cluster/cluster.ts';
import type { Commit } from '../cluster/exclusive-transactions.ts';
import { createPace, type Pace } from '../core/pace.ts';
import {
  countSorted,
  countUnreadable,
  encodeState,
  positionsOf,
  replayProgress,
  type ReplayCounts,
  type ReplaySpan,
  type ReplayState,
} from './core/replay-state.ts';
import { replayedRecord } from './core/replayed-record.ts';
import type { OutcomeWatcher } from './outcome-watcher.ts';
import { readSource, type ReplaySourceReader, type SortedRecord } from './read-source.ts';

export interface ReplayLimits {
  readonly recordsPerSecond: number;
  /** Most records and commands in flight at a time; live traffic may wait behind them. */
  readonly maxOutstanding: number;
  /** How long the services may make no progress before the replay gives up. */
  readonly stallTimeoutMs: number;
}

export interface ReplaySenderOptions extends OperationRun {
  readonly cluster: Pick<Cluster, 'prefix' | 'topics' | 'admin'>;
  readonly source: ReplaySourceReader;
  /** Its spans' positions and its counts move on as records are sent. */
  readonly state: ReplayState;
  readonly limits: ReplayLimits;
  readonly watcher: OutcomeWatcher;
  readonly commit: Commit;
  readonly onProgress: (progress: ProgressSnapshot) => void;
}

/** The services make no progress: there is no room to send more, or what was sent does not end. */
export class Stalled extends Error {
  static {
    Object.defineProperty(this.prototype, 'name', { value: 'Stalled', writable: true, configurable: true });
  }
}

const BATCH_BYTES = 4_000_000;
const BATCH_RECORDS = 500;
/** Between two snapshots of the services: while they are waited for, and while records are sent. */
const WAIT_POLL_MS = 100;
const SEND_POLL_MS = 500;
/** The services commit every 100 ms, the mapper what leaves no trace after 500 ms. */
const BEHIND_MS = 2_000;

export class ReplaySender {
  readonly #options: ReplaySenderOptions;
  readonly #pace: Pace;
  /** How many the source topic has; read before the first commit. */
  #partitions: number | undefined;
  #stored: ReplayCounts;
  #behindMs = 0;
  #polledAtMs = Number.NEGATIVE_INFINITY;
  #progressMark = '';
  #progressedAtMs = 0;

  constructor(options: ReplaySenderOptions) {
    this.#options = options;
    this.#pace = createPace(options.limits.recordsPerSecond, options.clock);
    this.#stored = { ...options.state.counts };
  }

  /** As the last transaction stored them. */
  get stored(): ReplayCounts {
    return this.#stored;
  }

  /** Records and commands that are under way. */
  get pending(): number {
    const { state, watcher } = this.#options;
    const sources = this.#stored.sent - watcher.tally.settled;
    return state.request.source === 'commands' ? sources : sources + watcher.tally.pendingCommands;
  }

  /**
   * Rejects with `Stalled` when the services make no progress, and with whatever `commit` and the reader reject with.
   */
  async send(span: ReplaySpan): Promise<void> {
    const { source, signal, state } = this.#options;
    await readSource(
      source,
      span,
      signal,
      (portion) => this.#sendPortion(span, portion),
      (records) => countUnreadable(state.counts, records),
    );
    span.position = span.endOffset;
    await this.commit([]);
  }

  /** Stores the state as it is now, with the batch. */
  async commit(batch: readonly ConsumedRecord[]): Promise<void> {
    const { cluster, source, state, commit, signal } = this.#options;
    signal.throwIfAborted();
    const partitions = (this.#partitions ??= (await cluster.admin.watermarks(source.topic)).length);
    const records = batch.map((record) => replayedRecord(record, state, partitions));
    const mark = { key: Buffer.from(state.id), value: encodeState(state), headers: {}, partition: 0 };
    const groupId = `${cluster.prefix}astrolabe.replay.${state.id}`;
    await commit(
      // Live records behind these wait for the end of the transaction: they come last.
      [
        { topic: cluster.topics.replays.name, records: [mark] },
        ...(records.length > 0 ? [{ topic: source.topic, records }] : []),
      ],
      { groupId, topic: source.topic, nextOffsets: positionsOf(state.spans) },
    );
    this.#stored = { ...state.counts };
    this.#report();
  }

  /** Resolves when nothing is under way any more; rejects with `Stalled` when the services make no progress. */
  untilAllEnded(): Promise<void> {
    return this.#until(() => this.pending <= 0);
  }

  async #sendPortion(span: ReplaySpan, portion: readonly SortedRecord[]): Promise<void> {
    const { state, limits } = this.#options;
    const maxRecords = Math.min(limits.maxOutstanding, this.#pace.share(BATCH_RECORDS));
    let batch: ConsumedRecord[] = [];
    let bytes = 0;
    for (const { record, sorted } of portion) {
      const sizeBytes = record.value?.length ?? 0;
      if (batch.length === maxRecords || (batch.length > 0 && bytes + sizeBytes > BATCH_BYTES)) {
        await this.#sendBatch(batch);
        batch = [];
        bytes = 0;
      }
      countSorted(state.counts, sorted);
      span.position = record.offset + 1n;
      if (sorted !== 'send') continue;
      batch.push(record);
      bytes += sizeBytes;
    }
    await this.#sendBatch(batch);
  }

  async #sendBatch(batch: readonly ConsumedRecord[]): Promise<void> {
    const { clock, signal, limits } = this.#options;
    if (batch.length > 0) {
      await this.#pace.take(batch.length, signal);
      if (clock.monotonicMs() - this.#polledAtMs >= SEND_POLL_MS) await this.#poll();
      await this.#until(() => this.#behindMs <= BEHIND_MS && this.pending <= limits.maxOutstanding - batch.length);
    }
    await this.commit(batch);
  }

  async #until(isReached: () => boolean): Promise<void> {
    const { clock, signal, limits } = this.#options;
    this.#progressedAtMs = clock.monotonicMs();
    while (!isReached()) {
      await this.#poll();
      if (isReached()) return;
      if (clock.monotonicMs() - this.#progressedAtMs >= limits.stallTimeoutMs) throw new Stalled();
      await clock.sleep(WAIT_POLL_MS, signal);
    }
  }

  async #poll(): Promise<void> {
    const { clock, signal, watcher } = this.#options;
    const { progressMark, behindMs } = await watcher.poll(clock.nowMs(), signal);
    this.#polledAtMs = clock.monotonicMs();
    this.#behindMs = behindMs;
    if (progressMark !== this.#progressMark) this.#progressedAtMs = this.#polledAtMs;
    this.#progressMark = progressMark;
    this.#report();
  }

  #report(): void {
    const { state, watcher, onProgress } = this.#options;
    onProgress(replayProgress(state, watcher.tally.settled));
  }
}
