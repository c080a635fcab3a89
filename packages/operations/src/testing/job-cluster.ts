/** A cluster in memory with dead letters, processes on it that run jobs, and the death of such a process. */
import { setImmediate as turn } from 'node:timers/promises';
import type { TransactionalProducer } from '@astrolabe/kafka';
import { toDeadLetter, toHeaders } from '@astrolabe/records';
import type { Clock } from '@astrolabe/service-kit/clock';
import { openAuditLog } from '../audit/audit-log.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { JobFollower } from '../jobs/job-follower.ts';
import { JobRunner } from '../jobs/job-runner.ts';
import { createJobWork } from '../jobs/job-work.ts';
import { createInMemoryCluster, type InMemoryCluster } from './in-memory-cluster.ts';
import { createSteppingClock } from './stepping-clock.ts';

/** Time advances with each sleep, and everybody else has a turn meanwhile. */
export function createTurningClock(): Clock {
  return createSteppingClock(() => turn());
}

/** So many dead letters of events, which go back as they are, spread over partitions. */
export async function clusterWithDeadLetters(count: number, clock: Clock): Promise<InMemoryCluster> {
  const cluster = createInMemoryCluster({ nowMs: () => clock.nowMs() });
  const { segmentEvents, segmentEventsDeadLetters } = cluster.topics;
  const deadLetters = Array.from({ length: count }, (_, index) =>
    toDeadLetter(
      {
        topic: segmentEvents.name,
        partition: index % 6,
        offset: BigInt(index),
        timestampMs: 0,
        key: Buffer.from(`["acme","user","u${index}"]`),
        value: Buffer.from(`{"type":"track","event":"E","userId":"u${index}","messageId":"m${index}"}`),
        headers: toHeaders({ 'connector-id': 'acme', 'message-id': `m${index}` }),
      },
      { code: 'event.unmappable', message: 'why', group: 'mapper', atMs: clock.nowMs() },
    ),
  );
  await cluster.log.send(segmentEventsDeadLetters.name, deadLetters);
  return cluster;
}

/** Message ids of the events that were sent back, in any order. */
export function sentBack({ log, topics }: InMemoryCluster): readonly (string | undefined)[] {
  return log.records(topics.segmentEvents.name).map(({ headers }) => headers['message-id']?.toString());
}

/** How far a process gets before it is killed: so many calls, the last of which takes effect or not. */
export interface Death {
  readonly calls: number;
  readonly isLastCallDone: boolean;
}

/** The cluster as a process sees it that dies: after that nothing it asks for happens any more. */
export function mortal(cluster: Cluster, { calls, isLastCallDone }: Death): Cluster {
  let left = calls;
  const call = async <Result>(perform: () => Promise<Result>): Promise<Result> => {
    left -= 1;
    if (left < 0 || (left === 0 && !isLastCallDone)) throw new Error('the process is dead');
    const result = await perform();
    if (left <= 0) throw new Error('the process is dead');
    return result;
  };
  const { admin, reader, inspector } = cluster;
  return {
    ...cluster,
    admin: {
      ...admin,
      watermarks: (topic) => call(() => admin.watermarks(topic)),
      offsetsAt: (topic, timestampMs) => call(() => admin.offsetsAt(topic, timestampMs)),
    },
    reader: {
      read: (range) => call(() => reader.read(range)),
      offsets: (topic, partition) => call(() => reader.offsets(topic, partition)),
    },
    inspector: { describe: (names) => call(() => inspector.describe(names)) },
    openProducer: async (names) => {
      const producer = await call(() => cluster.openProducer(names));
      return { ...producer, send: (topic, records) => call(() => producer.send(topic, records)) };
    },
    openTransactionalProducer: async (id) => {
      const producer = await call(() => cluster.openTransactionalProducer(id));
      const commit: TransactionalProducer['commit'] = (parts, position) => call(() => producer.commit(parts, position));
      return { commit, close: () => producer.close() };
    },
  };
}

export interface JobProcess {
  readonly runner: JobRunner;
  readonly faults: readonly unknown[];
}

/** Rejects where the process dies before it has begun. */
export async function startJobProcess(cluster: Cluster, clock: Clock): Promise<JobProcess> {
  const faults: unknown[] = [];
  const runner = new JobRunner({
    follower: new JobFollower(cluster),
    log: await openAuditLog(cluster),
    work: createJobWork(cluster, clock),
    clock,
    random: () => 0.5,
    onFault: (_doing, error) => void faults.push(error),
  });
  runner.start();
  return { runner, faults };
}
