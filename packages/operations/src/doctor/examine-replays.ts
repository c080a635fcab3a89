/** Replays that are not over, apart from live lag. */
import { errorMessage } from '@astrolabe/service-kit/errors';
import type { Cluster, OperationRun } from '../cluster/cluster.ts';
import { listReplays } from '../replay/list-replays.ts';
import { warning, type Finding } from './core/finding.ts';
import { judgeReplays } from './core/judge-replays.ts';

export async function examineReplays({ clock, signal }: OperationRun, cluster: Cluster): Promise<Finding[]> {
  try {
    const { replays, older } = await listReplays(cluster, signal);
    return judgeReplays(replays, older, clock.nowMs());
  } catch (error) {
    const meaning = 'which replays are under way is unknown';
    return [warning('replays', errorMessage(error), meaning, 'see the findings about brokers and topics first')];
  }
}
