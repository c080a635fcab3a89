import { createPartitionReader, type KafkaConnection } from '@astrolabe/kafka';
import type { ReplayFollower } from '@astrolabe/replay';
import { followReplays, type ReplayFollowerOptions } from '@astrolabe/replay/follower';

export interface OpenReplayFollowerOptions extends Omit<ReplayFollowerOptions, 'reader'> {
  readonly connection: KafkaConnection;
}

/** Follows the replays with a reader of its own, which it closes. */
export function openReplayFollower({ connection, ...options }: OpenReplayFollowerOptions): ReplayFollower {
  // A request of another reader would wait for the one that waits for more at the end of the topic.
  const reader = createPartitionReader({ connection });
  const follower = followReplays({ ...options, reader });
  return {
    current: () => follower.current(),
    onChange: (listener) => follower.onChange(listener),
    upToDate: (signal) => follower.upToDate(signal),
    close: async () => {
      await follower.close();
      await reader.close();
    },
  };
}
