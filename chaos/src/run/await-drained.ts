/** Waits until everything that was stored has been handled: both groups have committed all, and no connector lags. */
import { createKafkaAdmin, type KafkaAdmin } from '@astrolabe/kafka';
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
      { timeoutMs, intervalMs: INTERVAL_MS, describe: 'both groups to have committed everything' },
    );
    return { kind: 'drained' };
  } catch (error) {
    return { kind: 'stuck', detail: `${behind.join('; ')} (${String(error)})` };
  }
}

async function findBehind({ kafka, topics, groups }: System): Promise<readonly string[]> {
  const admin = await createKafkaAdmin(kafka);
  try {
    return [
      ...(await findBehindIn(admin, groups.mapper, topics.segmentEvents.name, () => false)),
      // Beside its offset the dispatcher commits the cursors of connectors that lag.
      ...(await findBehindIn(admin, groups.dispatcher, topics.commands.name, (metadata) => metadata !== '')),
    ];
  } finally {
    await admin.close();
  }
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
