import type { Pipeline } from '@astrolabe/demo';
import { createKafkaAdmin, type KafkaAdmin } from '@astrolabe/kafka';
import { decodeConnectorOffsets } from '@astrolabe/records';
import { eventually } from '@astrolabe/testkit';

/** Resolves when the mapper has committed every event, and then the dispatcher every command. */
export async function untilDrained(pipeline: Pipeline, timeoutMs: number): Promise<void> {
  const { kafka, topics, groups } = pipeline;
  await untilCommitted(kafka, groups.mapper, topics.segmentEvents.name, timeoutMs);
  await untilDispatched(pipeline, timeoutMs);
}

/** Resolves when the dispatcher has committed every command that is there. */
export async function untilDispatched({ kafka, topics, groups }: Pipeline, timeoutMs: number): Promise<void> {
  await untilCommitted(kafka, groups.dispatcher, topics.commands.name, timeoutMs);
}

async function untilCommitted(
  kafka: Pipeline['kafka'],
  group: string,
  topic: string,
  timeoutMs: number,
): Promise<void> {
  const admin = await createKafkaAdmin(kafka);
  try {
    await eventually(() => hasCommittedAll(admin, group, topic), {
      timeoutMs,
      describe: `${group} to have committed everything`,
    });
  } finally {
    await admin.close();
  }
}

/** A connector that lags has a cursor of its own beside the commit (docs/adr/0009): its commands wait below it. */
async function hasCommittedAll(admin: KafkaAdmin, group: string, topic: string): Promise<boolean> {
  const commits = await admin.commits(group, topic);
  const watermarks = await admin.watermarks(topic);
  return watermarks.every(({ partition, lowWatermark, highWatermark }) => {
    if (highWatermark === lowWatermark) return true;
    const { nextOffset, metadata } = commits.get(partition) ?? { nextOffset: lowWatermark, metadata: '' };
    return nextOffset >= highWatermark && (decodeConnectorOffsets(metadata)?.size ?? 0) === 0;
  });
}
