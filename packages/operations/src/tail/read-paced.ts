/** Follows a partition at a bounded rate: who cannot keep up goes on at its end. */
import type { ConsumedRecord, PartitionReader } from '@astrolabe/records';
import type { Clock } from '@astrolabe/service-kit/clock';
import type { PartitionSpan } from '../cluster/spans.ts';
import type { ReadBudget } from './core/read-budget.ts';

/** Beyond every offset: a read up to there follows the partition. */
export const NO_END = 2n ** 62n;

/** More than so much of the rate is not caught up with. */
const MAX_BEHIND_SECONDS = 2;

/** For somebody who looks on, for whom what is new matters more than all of it. */
export interface TailPace {
  /** Of each topic, over its partitions. Who falls further behind than two seconds of it goes on at the end. */
  readonly recordsPerSecond: number;
  /**
   * Between two fetches of a partition. What comes meanwhile comes with the next one: without a rest, brokers that
   * serve live traffic would answer a request for almost every record of it.
   */
  readonly restMs: number;
  readonly clock: Clock;
  /** Offsets that were jumped over. */
  readonly onNotRead: (offsets: number) => void;
}

export interface PacedRead {
  readonly reader: Pick<PartitionReader, 'read' | 'offsets'>;
  readonly span: PartitionSpan;
  readonly signal: AbortSignal;
  readonly pace: TailPace;
  /** Shared by the partitions of a topic. */
  readonly budget: ReadBudget;
  readonly onRecords: (records: readonly ConsumedRecord[]) => Promise<void>;
}

/** Goes on until the signal aborts, and rejects then; otherwise as `PartitionReader.read`. */
export async function readPaced(options: PacedRead): Promise<never> {
  let fromOffset = options.span.fromOffset;
  for (;;) fromOffset = await readUntilBehind(options, fromOffset);
}

/** Resolves with the offset to go on from. */
async function readUntilBehind(options: PacedRead, fromOffset: bigint): Promise<bigint> {
  const { reader, span, signal, pace, budget, onRecords } = options;
  const { topic, partition } = span;
  const jump = new AbortController();
  let goOnFrom: bigint | undefined;
  try {
    return await reader.read({
      topic,
      partition,
      fromOffset,
      endOffset: NO_END,
      signal: AbortSignal.any([signal, jump.signal]),
      onRecords: async (records, nextOffset) => {
        await onRecords(records);
        const waitMs = budget.take(records.length, pace.clock.monotonicMs());
        const pauseMs = Math.max(waitMs, pace.restMs);
        if (pauseMs > 0) await pace.clock.sleep(pauseMs, signal);
        if (waitMs === 0) return;
        const { lastStableOffset } = await reader.offsets(topic, partition);
        const behind = Number(lastStableOffset - nextOffset);
        if (behind <= pace.recordsPerSecond * MAX_BEHIND_SECONDS) return;
        pace.onNotRead(behind);
        goOnFrom = lastStableOffset;
        jump.abort(new Error('it goes on at the end'));
      },
    });
  } catch (error) {
    if (signal.aborted || goOnFrom === undefined) throw error;
    return goOnFrom;
  }
}
