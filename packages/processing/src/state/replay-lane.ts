/**
 * What is replayed on a partition beside its live records: the same state, the lowest rank, and the same transactions
 * (ADR 24). The processor decides when; the lane decides what.
 */
import type { TopicRecord } from '@astrolabe/records';
import type { GroupSession } from '../consumer/partition-processor.ts';
import type { StateView } from './state-view.ts';

/** What the steps since the last chunk came to. It is written as one with their changes of the state. */
export interface ReplayChunk {
  /** In order. */
  readonly outputs: readonly TopicRecord[];
  /** By replay, how far it is; null where that need not be remembered any more. */
  readonly positions: ReadonlyMap<string, Buffer | null>;
  /** It is stored. A crash can come in between. Otherwise the lane is closed, and the next one begins at what is. */
  readonly onStored: () => void;
}

/** Of one takeover of a partition. Everything is called by its owner, one call at a time. */
export interface ReplayLane<V> {
  /**
   * Called whenever there may be something to do and no live record waits, with `livePosition`: records at or above it
   * have not been handled as live ones yet, and are not replayed before. Does a millisecond or two of work at most, or
   * nothing. `complete`: what was done since the last chunk is to be written now. `open`: more is to come to it, after
   * `onReady`; or there is nothing to write.
   */
  step(state: StateView<V>, livePosition: bigint): 'open' | 'complete';
  /** Called when a step has said so, and before a live record is handled. Undefined where there is nothing to write. */
  takeChunk(): ReplayChunk | undefined;
  /** What it has not given out counts for nothing. Resolves when nothing of it runs. Never rejects. */
  close(): Promise<void>;
}

export interface ReplayLaneOptions {
  readonly session: GroupSession;
  /** By replay, what was stored as its position last. */
  readonly stored: ReadonlyMap<string, Buffer>;
  /** There may be something to do. */
  readonly onReady: () => void;
}

/** Of all partitions of a process. */
export interface ReplayLanes<V> {
  /** Called at each takeover, and again after each failure, when the lane before it is closed. */
  open(options: ReplayLaneOptions): ReplayLane<V>;
  /** Live records came, of whichever partition. */
  liveCame(records: number): void;
}
