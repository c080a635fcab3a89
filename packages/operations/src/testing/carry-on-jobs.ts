/**
 * A process that carries on the jobs of a cluster, as the console does, for tests that kill it. Started with the
 * variables of `openBrokerCluster` and with QUIET_MS.
 */
import { systemClock } from '@astrolabe/service-kit/clock';
import { openAuditLog } from '../audit/audit-log.ts';
import { JobFollower } from '../jobs/job-follower.ts';
import { JobRunner } from '../jobs/job-runner.ts';
import { createJobWork } from '../jobs/job-work.ts';
import { openClusterOf } from './broker-cluster.ts';

const cluster = await openClusterOf(process.env, new AbortController().signal);
const runner = new JobRunner({
  follower: new JobFollower(cluster),
  log: await openAuditLog(cluster),
  work: createJobWork(cluster, systemClock),
  clock: systemClock,
  random: Math.random,
  onFault: (doing, error) => process.stderr.write(`${doing}: ${String(error)}\n`),
  quietMs: Number(process.env['QUIET_MS']),
  watchMs: 200,
});
runner.start();
