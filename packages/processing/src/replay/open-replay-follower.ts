import { createPartitionReader, type KafkaConnection } from '@astrolabe/kafka';
import type { ReplayFollower } from '@astrolabe/replay';
import { followReplays, type ReplayFollowerOptions } from '@astrolabe/replay/follower';

export interface OpenReplayFollowerOptions extends Omit<ReplayFollowerOptions, 'reader' | 'tail'> {
  readonly connection: KafkaConnection;
}

/** Replays are rare: a shorter wait makes every process ask again more often, for nothing. */
const TAIL_WAIT_MS = 1_000;

/** Follows the replays with readers of its own, which it closes. */
export function openReplayFollower({ connection, ...options }: OpenReplayFollowerOptions): ReplayFollower {
  // A request of another reader would wait for the one that waits for more at the end of the topic.
  const tail = createPartitionReader({ connection, maxWaitMs: TAIL_WAIT_MS });
  const reader = createPartitionReader({ connection });
  const follower = followReplays({ ...options, reader, tail });
  return {
    current: () => follower.current(),
    onChange: (listener) => follower.onChange(listener),
    upToDate: (signal) => follower.upToDate(signal),
    close: async () => {
      await follower.close();
      await Promise.all([tail.close(), reader.close()]);
    },
  };
}
