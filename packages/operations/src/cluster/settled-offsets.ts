/** Where a reader of committed records may stop without missing one whose commit was acknowledged. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PartitionOffsets, PartitionReader } from '@astrolabe/records';

const POLLS = 250;
export const POLL_MS = 20;

/**
 * The offsets of a partition, with a `lastStableOffset` that is not below anything that was stored before the call: the
 * brokers write a transaction's markers after they have answered its commit, and what was acknowledged may lie behind
 * them, so open transactions are waited for. For five seconds: one that is open for longer belongs to a producer that
 * is gone, and what lies behind it cannot be read yet.
 */
export async function settledOffsets(
  reader: Pick<PartitionReader, 'offsets'>,
  topic: string,
  partition: number,
  pause: () => Promise<void> = () => sleep(POLL_MS),
): Promise<PartitionOffsets> {
  let offsets = await reader.offsets(topic, partition);
  const { highWatermark: storedBefore } = offsets;
  for (let polls = 0; offsets.lastStableOffset < storedBefore && polls < POLLS; polls += 1) {
    await pause();
    offsets = await reader.offsets(topic, partition);
  }
  return offsets;
}
