/** What a processor with state is given. */
import type { ChangelogStore, ConsumedRecord, TopicRecord } from '@astrolabe/records';
import type { Logger } from '@astrolabe/service-kit';
import type { PipelineError } from '@astrolabe/service-kit/errors';
import type { GroupSession } from '../consumer/partition-processor.ts';
import type { ReplayLanes } from './replay-lane.ts';
import type { StateMemory } from './state-memory.ts';
import type { Restored } from './state-restore.ts';
import type { StateCodec, StateView } from './state-view.ts';

/** What a transform makes of a batch. */
export interface Transformed<R> {
  /** In order; a record without a `partition` goes where its key says. */
  readonly outputs: readonly TopicRecord[];
  /** Whatever the caller wants back once the batch is stored: counts, for instance. */
  readonly result: R;
}

export interface StateProcessorOptions<V, R> {
  readonly session: GroupSession;
  readonly changelog: ChangelogStore;
  readonly codec: StateCodec<V>;
  /** Of all partitions of this process; more than it allows is a fault. Default: without a bound. */
  readonly memory?: StateMemory;
  /** Pure: after a failure it is called again with the same records and state. What it throws stops the consumer. */
  readonly transform: (records: readonly ConsumedRecord[], state: StateView<V>) => Transformed<R>;
  /** Called once for each batch, in order, when everything of it is stored. A crash can come in between. */
  readonly onStored?: (result: R) => void;
  /**
   * Called for each batch of a write that ended without an answer, at most once for each write. The batch is either
   * stored, and then never reported as such, or transformed and reported again.
   */
  readonly onUnanswered?: (result: R) => void;
  /** What is replayed beside the live records. Default: nothing. */
  readonly replays?: ReplayLanes<V> | undefined;
  /** The state was read, at the start of a session or after a failure; the first record comes after the call. */
  readonly onRestored?: (restored: Restored) => void;
  /**
   * Why the partition cannot be handled, before each retry; undefined once a batch is stored or none waits to be, and
   * when the session ends.
   */
  readonly onTrouble?: (fault: PipelineError | undefined) => void;
  readonly logger: Logger;
  readonly maxBatchRecords: number;
  readonly maxBatchBytes: number;
  /** Records in hand at which the partition is paused; resumed at half. */
  readonly maxBufferedRecords: number;
  /** Bytes in hand at which the partition is paused; resumed at half. */
  readonly maxBufferedBytes: number;
  /** How long batches that left no trace but their position wait for one that does. Default 500. */
  readonly quietMs?: number;
  /** Bound of the first pause after a failure, and of every pause. Default 50 and 5,000. */
  readonly retryBaseMs?: number;
  readonly retryMaxMs?: number;
  /** In [0, 1), for the pauses. Default `Math.random`. */
  readonly random?: () => number;
}
