/**
 * Looks again and again where the partitions of this process end: for its lag, and whether open transactions keep
 * records from it, which the log tells too.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  abortLine,
  describeHold,
  findHoldingTransactions,
  type HoldingTransaction,
  type KafkaConnection,
} from '@astrolabe/kafka';
import type { PartitionReader } from '@astrolabe/records';
import type { Logger } from '@astrolabe/service-kit';
import { systemClock } from '@astrolabe/service-kit/clock';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { unlessAborted } from '@astrolabe/service-kit/retry';
import { lagOf, nextEnds, type PartitionEnds, type PartitionLag } from './core/partition-lag.ts';
import type { GroupConsumer } from './group-consumer-options.ts';

export interface OffsetsWatchOptions {
  readonly connection: KafkaConnection;
  readonly reader: Pick<PartitionReader, 'offsets'>;
  readonly topic: string;
  /** Of the partitions that are here now. */
  readonly workPositions: GroupConsumer['workPositions'];
  readonly logger: Logger;
  /** Default 5,000. A transaction that is open at one look and gone at the next is none that anybody waits for. */
  readonly intervalMs?: number;
  /** Default: asks the brokers. */
  readonly findTransactions?: typeof findHoldingTransactions;
  /** Epoch milliseconds. Default: the system's clock. */
  readonly nowMs?: () => number;
}

export interface OffsetsWatch {
  /** By partition that is here now and whose position is known: as of now, against the end of the last look. */
  lags(): ReadonlyMap<number, PartitionLag>;
  /** By partition, offsets that were there at two looks in a row and cannot be read; 0 where all can. */
  held(): ReadonlyMap<number, number>;
  /** Never rejects. */
  close(): Promise<void>;
}

const DEFAULT_INTERVAL_MS = 5_000;

export function watchOffsets(options: OffsetsWatchOptions): OffsetsWatch {
  const { connection, reader, topic, workPositions, logger, intervalMs = DEFAULT_INTERVAL_MS } = options;
  const { findTransactions = findHoldingTransactions, nowMs = systemClock.nowMs } = options;
  const closing = new AbortController();
  /** Of the last look: where an open transaction began. */
  let opened = new Map<number, bigint>();
  let held = new Map<number, number>();
  let ends = new Map<number, PartitionEnds>();
  const told = new Map<number, bigint>();

  const tell = async (partition: number, fromOffset: bigint): Promise<void> => {
    if (told.get(partition) === fromOffset) return;
    told.set(partition, fromOffset);
    const place = { topic, partition, fromOffset };
    const unknown: HoldingTransaction = { ...place, producerId: undefined, transactionalId: undefined };
    const [found = unknown] = await findTransactions(connection, [place]).catch(() => []);
    logger.warn(
      { topic, partition, fromOffset: String(fromOffset), remedy: abortLine(found) },
      `${topic}[${partition}] is ${describeHold(found)}; what follows waits until it ends`,
    );
  };
  const look = async (): Promise<void> => {
    const openNow = new Map<number, bigint>();
    const heldNow = new Map<number, number>();
    const endsNow = new Map<number, PartitionEnds>();
    for (const partition of workPositions().keys()) {
      const seen = await reader.offsets(topic, partition);
      const { lastStableOffset, highWatermark } = seen;
      // Asked again: the work has gone on while the brokers answered.
      endsNow.set(partition, nextEnds(ends.get(partition), seen, workPositions().get(partition), nowMs()));
      const isOpen = lastStableOffset < highWatermark;
      if (isOpen) openNow.set(partition, lastStableOffset);
      const isHeld = isOpen && opened.get(partition) === lastStableOffset;
      heldNow.set(partition, isHeld ? Number(highWatermark - lastStableOffset) : 0);
      if (isHeld) await tell(partition, lastStableOffset);
      else if (told.delete(partition)) logger.info({ topic, partition }, 'the records can be read again');
    }
    opened = openNow;
    held = heldNow;
    ends = endsNow;
  };
  const watching = (async () => {
    for (;;) {
      await sleep(intervalMs, undefined, { signal: closing.signal, ref: false });
      // Brokers that do not answer must not keep the service from stopping.
      await unlessAborted(look(), closing.signal).catch((error: unknown) => {
        if (!isPipelineError(error)) throw error;
        logger.debug({ err: error, topic }, 'open transactions cannot be looked for');
      });
    }
  })().catch((error: unknown) => {
    if (!closing.signal.aborted) logger.error({ err: error, topic }, 'open transactions are not looked for any more');
  });
  return {
    lags: () => {
      const lags = new Map<number, PartitionLag>();
      for (const [partition, workPosition] of workPositions()) {
        const lag = lagOf(workPosition, ends.get(partition), nowMs());
        if (lag !== undefined) lags.set(partition, lag);
      }
      return lags;
    },
    held: () => held,
    close: async () => {
      closing.abort();
      await watching;
    },
  };
}
