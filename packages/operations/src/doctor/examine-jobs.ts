/** Jobs of the console that were begun and have not ended. */
import { errorMessage } from '@astrolabe/service-kit/errors';
import type { Cluster, OperationRun } from '../cluster/cluster.ts';
import { JobFollower } from '../jobs/job-follower.ts';
import { warning, type Finding } from './core/finding.ts';
import { judgeJobs } from './core/judge-jobs.ts';

export async function examineJobs({ clock, signal }: OperationRun, cluster: Cluster): Promise<Finding[]> {
  try {
    const follower = new JobFollower(cluster);
    await follower.refresh(clock.nowMs(), signal);
    return judgeJobs(follower.table.all(), clock.nowMs());
  } catch (error) {
    const meaning = 'which jobs are left to do is unknown';
    return [warning('jobs', errorMessage(error), meaning, 'see the findings about brokers and topics first')];
  }
}
