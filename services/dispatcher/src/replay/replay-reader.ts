import type { ReadReplayPage } from '@astrolabe/processing';
import type { PartitionOffsets } from '@astrolabe/records';

/** Called by the cursors of replays, each for one thing at a time. Both wait out what may pass. */
export interface ReplayReader {
  readonly page: ReadReplayPage;
  /** Where the partition begins and ends at the moment. Rejects with the signal's reason, or with a fault. */
  bounds(topic: string, partition: number, signal: AbortSignal): Promise<PartitionOffsets>;
}
