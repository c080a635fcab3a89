/** What the replays of the partitions of a process are given. */
import type { MapperCounts, ReplayFollower } from '@astrolabe/replay';
import type { ConsumedRecord, TopicRecord } from '@astrolabe/records';
import type { Logger } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import type { StateView } from '../state/state-view.ts';
import type { ReadReplayPage } from './read-replay-page.ts';
import type { ReplayedPart } from './replay-chunk.ts';

/** What a transform makes of replayed records. */
export interface ReplayTransformed<R> {
  /** In order; a record without a `partition` goes where its key says. */
  readonly outputs: readonly TopicRecord[];
  /** Together as many as the records. */
  readonly counts: Pick<MapperCounts, 'mapped' | 'skipped' | 'deadLettered'>;
  /** Among the outputs. */
  readonly commands: number;
  /** Whatever the caller wants back once it is stored. */
  readonly result: R;
}

export interface ReplayOptions<V, R> {
  readonly follower: Pick<ReplayFollower, 'current' | 'onChange' | 'upToDate'>;
  /** `astrolabe.replays.v1`, to which progress is written. */
  readonly replaysTopic: string;
  readonly readPage: ReadReplayPage;
  /** Pure, as of live records. The records bear the marks of their replay. */
  readonly transform: (records: readonly ConsumedRecord[], state: StateView<V>) => ReplayTransformed<R>;
  /** Called once for each chunk, in order, when everything of it is stored. A crash can come in between. */
  readonly onStored?: (parts: readonly ReplayedPart<R>[]) => void;
  readonly clock: Clock;
  readonly logger: Logger;
  /** In one piece of work, a millisecond or two. Default 64. */
  readonly stepRecords?: number;
}
