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

/** What the looks so far have shown of a partition. */
interface Seen {
  readonly ends: PartitionEnds;
  /** Where an open transaction begins; undefined where none is open. */
  readonly openFrom: bigint | undefined;
  readonly held: number;
}

export function watchOffsets(options: OffsetsWatchOptions): OffsetsWatch {
  const { reader, topic, workPositions, logger, intervalMs = DEFAULT_INTERVAL_MS } = options;
  const { nowMs = systemClock.nowMs } = options;
  const closing = new AbortController();
  const seen = new Map<number, Seen>();
  const underWay = new Set<number>();
  const holds = new HoldReporter(options);

  const lookAt = async (partition: number): Promise<void> => {
    const offsets = await reader.offsets(topic, partition);
    if (closing.signal.aborted) return;
    const { lastStableOffset, highWatermark } = offsets;
    const before = seen.get(partition);
    // Asked again: the work has gone on while the brokers answered.
    const ends = nextEnds(before?.ends, offsets, workPositions().get(partition), nowMs());
    const openFrom = lastStableOffset < highWatermark ? lastStableOffset : undefined;
    const isHeld = openFrom !== undefined && openFrom === before?.openFrom;
    seen.set(partition, { ends, openFrom, held: isHeld ? Number(highWatermark - lastStableOffset) : 0 });
    if (isHeld) await holds.tell(partition, openFrom);
    else holds.hasEnded(partition);
  };
  const endWith = (error: unknown): void => {
    if (closing.signal.aborted) return;
    logger.error({ err: error, topic }, 'the ends of partitions are not looked at any more');
    closing.abort();
  };
  const look = async (partition: number): Promise<void> => {
    underWay.add(partition);
    try {
      await lookAt(partition);
    } catch (error) {
      if (isPipelineError(error)) {
        logger.debug({ err: error, topic, partition }, 'the ends of a partition cannot be looked at');
        return;
      }
      endWith(error);
    } finally {
      underWay.delete(partition);
    }
  };
  const watching = (async () => {
    for (;;) {
      await sleep(intervalMs, undefined, { signal: closing.signal, ref: false });
      const here = workPositions();
      for (const partition of seen.keys()) if (!here.has(partition)) seen.delete(partition);
      // Each by itself: one without a leader is waited for a minute, and the lag of the others must be true meanwhile.
      for (const partition of here.keys()) if (!underWay.has(partition)) void look(partition);
    }
  })().catch(endWith);
  return {
    lags: () => {
      const lags = new Map<number, PartitionLag>();
      for (const [partition, workPosition] of workPositions()) {
        const lag = lagOf(workPosition, seen.get(partition)?.ends, nowMs());
        if (lag !== undefined) lags.set(partition, lag);
      }
      return lags;
    },
    held: () => {
      const here = workPositions();
      return new Map(
        [...seen].filter(([partition]) => here.has(partition)).map(([partition, { held }]) => [partition, held]),
      );
    },
    close: async () => {
      closing.abort();
      await watching;
    },
  };
}

/** Tells once of each transaction that keeps records from the service, and of its end. */
class HoldReporter {
  readonly #options: OffsetsWatchOptions;
  /** By partition, where the transaction that was told of began. */
  readonly #told = new Map<number, bigint>();

  constructor(options: OffsetsWatchOptions) {
    this.#options = options;
  }

  async tell(partition: number, fromOffset: bigint): Promise<void> {
    if (this.#told.get(partition) === fromOffset) return;
    this.#told.set(partition, fromOffset);
    const { connection, topic, logger, findTransactions = findHoldingTransactions } = this.#options;
    const place = { topic, partition, fromOffset };
    const unknown: HoldingTransaction = { ...place, producerId: undefined, transactionalId: undefined };
    const [found = unknown] = await findTransactions(connection, [place]).catch(() => []);
    logger.warn(
      { topic, partition, fromOffset: String(fromOffset), remedy: abortLine(found) },
      `${topic}[${partition}] is ${describeHold(found)}; what follows waits until it ends`,
    );
  }

  hasEnded(partition: number): void {
    const { topic, logger } = this.#options;
    if (this.#told.delete(partition)) logger.info({ topic, partition }, 'the records can be read again');
  }
}
