/** Whether a replay that was planned would still read what was counted, and the order to write when it is started. */
import type { ReplayOrder } from '@astrolabe/replay';
import type { Cluster } from '../cluster/cluster.ts';
import { findOrphans, sourceTopicOf } from '../replay/source-topic.ts';
import type { PlanCheck } from './plan-job.ts';

export async function checkReplayPlan(
  cluster: Pick<Cluster, 'topics' | 'admin' | 'inspector'>,
  order: ReplayOrder,
): Promise<PlanCheck> {
  const topic = sourceTopicOf(cluster, order.request);
  const [orphan] = await findOrphans(cluster, [order]);
  if (orphan !== undefined) return { kind: 'changed', reason: `${topic} was deleted and created again` };
  const marks = await cluster.admin.watermarks(topic);
  const lows = new Map(marks.map(({ partition, lowWatermark }) => [partition, lowWatermark]));
  const expired = order.spans.find(({ partition, fromOffset }) => (lows.get(partition) ?? 0n) > fromOffset);
  if (expired === undefined) return { kind: 'unchanged' };
  return { kind: 'changed', reason: `records of partition ${expired.partition} of ${topic} have expired since` };
}

/** A replay is started when somebody says yes, not when it was planned. */
export function startedNow(order: ReplayOrder, nowMs: number): ReplayOrder {
  return { ...order, startedAtMs: nowMs, changedAtMs: nowMs };
}
