/**
 * Looks again and again whether open transactions keep the records of this process's partitions from it, for a metric
 * and the log.
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
import type { Logger, Metrics } from '@astrolabe/service-kit';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { unlessAborted } from '@astrolabe/service-kit/retry';

export interface HeldWatchOptions {
  readonly connection: KafkaConnection;
  readonly reader: Pick<PartitionReader, 'offsets'>;
  readonly topic: string;
  /** Those that are read here now. */
  readonly partitions: () => readonly number[];
  readonly logger: Logger;
  /** Default 5,000. A transaction that is open at one look and gone at the next is none that anybody waits for. */
  readonly intervalMs?: number;
  /** Default: asks the brokers. */
  readonly findTransactions?: typeof findHoldingTransactions;
}

export interface HeldWatch {
  /** By partition, offsets that were there at two looks in a row and cannot be read; 0 where all can. */
  held(): ReadonlyMap<number, number>;
  /** Never rejects. */
  close(): Promise<void>;
}

const DEFAULT_INTERVAL_MS = 5_000;

/** Shows what `held` gives as `held_records`. `topic` as the metric's help names it. */
export function showHeldRecords(
  metrics: Metrics,
  topic: 'event topic' | 'command topic',
  heldRecords: HeldWatch['held'],
): void {
  metrics.gauge<'partition'>({
    name: 'held_records',
    help: `Offsets of the ${topic} that cannot be read because another producer's transaction is open.`,
    labelNames: ['partition'],
    collect: (held) => {
      held.reset();
      for (const [partition, offsets] of heldRecords()) held.set({ partition: String(partition) }, offsets);
    },
  });
}

export function watchHeldRecords(options: HeldWatchOptions): HeldWatch {
  const { connection, reader, topic, partitions, logger, intervalMs = DEFAULT_INTERVAL_MS } = options;
  const findTransactions = options.findTransactions ?? findHoldingTransactions;
  const closing = new AbortController();
  /** Of the last look: where an open transaction began. */
  let opened = new Map<number, bigint>();
  let held = new Map<number, number>();
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
    for (const partition of partitions()) {
      const { lastStableOffset, highWatermark } = await reader.offsets(topic, partition);
      const isOpen = lastStableOffset < highWatermark;
      if (isOpen) openNow.set(partition, lastStableOffset);
      const isHeld = isOpen && opened.get(partition) === lastStableOffset;
      heldNow.set(partition, isHeld ? Number(highWatermark - lastStableOffset) : 0);
      if (isHeld) await tell(partition, lastStableOffset);
      else if (told.delete(partition)) logger.info({ topic, partition }, 'the records can be read again');
    }
    opened = openNow;
    held = heldNow;
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
    held: () => held,
    close: async () => {
      closing.abort();
      await watching;
    },
  };
}
