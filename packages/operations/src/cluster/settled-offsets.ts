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
export function settledOffsets(
  reader: Pick<PartitionReader, 'offsets'>,
  topic: string,
  partition: number,
  pause = pauseBetweenPolls,
): Promise<PartitionOffsets> {
  return new SettledOffsets(reader, pause).of(topic, partition);
}

/** `settledOffsets` for a caller that asks several times: it waits for a transaction that stays open only once. */
export class SettledOffsets {
  readonly #reader: Pick<PartitionReader, 'offsets'>;
  readonly #pause: () => Promise<void>;
  /** Where the transactions that were given up begin, by partition. */
  readonly #givenUp = new Map<string, bigint>();

  constructor(reader: Pick<PartitionReader, 'offsets'>, pause = pauseBetweenPolls) {
    this.#reader = reader;
    this.#pause = pause;
  }

  async of(topic: string, partition: number): Promise<PartitionOffsets> {
    const key = `${topic}:${partition}`;
    let offsets = await this.#reader.offsets(topic, partition);
    if (offsets.lastStableOffset === this.#givenUp.get(key)) return offsets;
    const { highWatermark: storedBefore } = offsets;
    for (let polls = 0; offsets.lastStableOffset < storedBefore && polls < POLLS; polls += 1) {
      await this.#pause();
      offsets = await this.#reader.offsets(topic, partition);
    }
    if (offsets.lastStableOffset < storedBefore) this.#givenUp.set(key, offsets.lastStableOffset);
    return offsets;
  }
}

async function pauseBetweenPolls(): Promise<void> {
  await sleep(POLL_MS);
}
