/** The replays of a pipeline, each a record of `astrolabe.replays.v1`. */
import type { Cluster } from '../cluster/cluster.ts';
import { decodeState, type ReplayState } from './core/replay-state.ts';

/** The state that the last transaction of the replay stored; undefined where it was never started. */
export async function findReplay(
  { admin, reader, topics }: Pick<Cluster, 'admin' | 'reader' | 'topics'>,
  id: string,
  signal: AbortSignal,
): Promise<ReplayState | undefined> {
  const topic = topics.replays.name;
  const [bounds] = await admin.watermarks(topic);
  let found: ReplayState | undefined;
  await reader.read({
    topic,
    partition: 0,
    // Through the open transactions of other replays: a record of this one may be behind them.
    endOffset: bounds?.highWatermark ?? 0n,
    signal,
    onRecords: (records) => {
      for (const { key, value } of records) {
        if (value !== null && key?.toString('utf8') === id) found = decodeState(value);
      }
    },
  });
  return found;
}
