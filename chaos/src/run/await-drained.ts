/**
 * Waits until everything that was stored has been handled: both groups have committed all, no connector lags, and every
 * replay is over.
 */
import { createKafkaAdmin, type KafkaAdmin } from '@astrolabe/kafka';
import { isOver } from '@astrolabe/operations';
import { eventually } from '@astrolabe/testkit';
import type { System } from '../cluster/system.ts';
import type { Drained } from '../oracle/observed.ts';

const INTERVAL_MS = 500;

/** Never rejects: what is stuck is a finding. */
export async function awaitDrained(system: System, timeoutMs: number): Promise<Drained> {
  let behind: readonly string[] = ['nothing could be read'];
  try {
    await eventually(
      async () => {
        behind = await findBehind(system);
        return behind.length === 0;
      },
      { timeoutMs, intervalMs: INTERVAL_MS, describe: 'everything to be done' },
    );
    return { kind: 'drained' };
  } catch (error) {
    return { kind: 'stuck', detail: `${behind.join('; ')} (${String(error)})` };
  }
}

async function findBehind({ kafka, topics, groups, replays }: System): Promise<readonly string[]> {
  const admin = await createKafkaAdmin(kafka);
  try {
    return [
      ...(await findUnendedReplays(replays)),
      ...(await findBehindIn(admin, groups.mapper, topics.segmentEvents.name, () => false)),
      // Beside its offset the dispatcher commits the cursors of connectors that lag.
      ...(await findBehindIn(admin, groups.dispatcher, topics.commands.name, (metadata) => metadata !== '')),
    ];
  } finally {
    await admin.close();
  }
}

async function findUnendedReplays(replays: System['replays']): Promise<readonly string[]> {
  if (replays.started.size === 0) return [];
  const open = (await replays.list()).filter(({ phase }) => !isOver(phase));
  // If the brokers did not answer when a replay was started, its disturbance neither lifted its rate nor resumed it.
  for (const { id, phase } of open) if (phase !== 'cancelling') await replays.resume(id, 'none');
  return open.map(({ id, phase, report }) => `replay ${id} is ${phase}: ${JSON.stringify(report)}`);
}

async function findBehindIn(
  admin: KafkaAdmin,
  group: string,
  topic: string,
  lags: (metadata: string) => boolean,
): Promise<readonly string[]> {
  const commits = await admin.commits(group, topic);
  const watermarks = await admin.watermarks(topic);
  return watermarks.flatMap(({ partition, lowWatermark, highWatermark }) => {
    if (highWatermark === lowWatermark) return [];
    const commit = commits.get(partition);
    const nextOffset = commit?.nextOffset ?? lowWatermark;
    if (nextOffset >= highWatermark && !lags(commit?.metadata ?? '')) return [];
    return [
      `${group} is at ${nextOffset} of ${highWatermark} of ${topic}/${partition} ${commit?.metadata ?? ''}`.trim(),
    ];
  });
}
