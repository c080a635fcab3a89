/**
 * How long the first sync of an audience takes: from the first request to ingest until the API has acknowledged the
 * last member. The processes have just started; nothing is warm but the broker.
 */
import type { BenchLab } from '../bench-lab.ts';
import type { SideName } from '../compare-in-turns.ts';
import { coresOfOthers, readUsage, usageBetween } from './process-meter.ts';
import { toSample, type PipelineSample } from './pipeline-sample.ts';
import { startPipeline, untilDelivered } from './pipeline-run.ts';
import { startEventLoad } from '../event-load/run-event-load.ts';

export interface FirstSync {
  readonly members: number;
  readonly isBulk: boolean;
  readonly writeKey: string;
}

const CONNECTIONS = 16;
const EVENTS_PER_REQUEST = 100;

export async function measureFirstSync(side: SideName, lab: BenchLab, sync: FirstSync): Promise<PipelineSample> {
  const { members, isBulk, writeKey } = sync;
  // Each member enters the audience once.
  await using run = await startPipeline(lab, { side, isBulk, users: members });
  const before = await readUsage(run.pids);
  const load = await startEventLoad({
    kind: 'batches',
    url: run.ingestUrl,
    writeKey,
    users: members,
    first: 0,
    events: members,
    connections: CONNECTIONS,
    eventsPerRequest: EVENTS_PER_REQUEST,
  });
  await load.sentAtMs;
  const delivered = await untilDelivered(run, members);
  const after = await readUsage(run.pids);
  return toSample({
    events: members,
    seconds: (delivered.lastAtMs - load.startedAtMs) / 1_000,
    latenciesMs: [],
    delivery: delivered,
    processes: usageBetween(before, after, members),
    coresOfOthers: coresOfOthers(before, after),
  });
}
