import {
  SharedLinger,
  openPartitionLedger,
  partitionDirectory,
  type IndexMemory,
  type LedgerChangelog,
} from '@astrolabe/ledger';
import type { PartitionSession } from '@astrolabe/processing';
import type { Logger } from '@astrolabe/service-kit';
import { systemClock } from '@astrolabe/service-kit/clock';
import type { DispatcherConfig } from '../config.ts';
import type { OpenLedger } from '../partition/partition-dispatcher.ts';

export interface PartitionLedgersOptions {
  readonly config: Pick<DispatcherConfig, 'ledgerDirectory' | 'ledgerWindowHours'>;
  readonly changelog: LedgerChangelog;
  readonly memory: IndexMemory;
  readonly groupId: string;
  readonly topic: string;
  readonly logger: Logger;
  /** How long a partition took from its assignment until its ledger was complete. */
  readonly onRestored: (seconds: number) => void;
}

const HOUR_MS = 3_600_000;
const CLOSE_MS = 2_000;

/** What opens a partition's ledger and restores it: it is complete when the promise resolves. */
export function createPartitionLedgers(
  options: PartitionLedgersOptions,
): (session: PartitionSession) => Promise<OpenLedger> {
  const { config, changelog, memory, groupId, topic, logger, onRestored } = options;
  const linger = new SharedLinger(systemClock);
  return async ({ partition, signal }) => {
    const startedAtMs = systemClock.monotonicMs();
    const ledger = await openPartitionLedger({
      partition,
      changelog,
      memory,
      directory: partitionDirectory(config.ledgerDirectory, { groupId, topic, partition }),
      windowMs: config.ledgerWindowHours * HOUR_MS,
      linger,
      signal,
      clock: systemClock,
      random: Math.random,
      logger,
    });
    try {
      await ledger.restore(signal);
      onRestored((systemClock.monotonicMs() - startedAtMs) / 1_000);
    } catch (error) {
      // Else the next assignment of the partition to this process would wait for the lock of this one.
      await ledger.close(AbortSignal.abort(error)).catch(() => undefined);
      throw error;
    }
    return {
      lookup: (commandId) => ledger.lookup(commandId),
      record: (delivery) => ledger.record(delivery),
      attempts: (commandId) => ledger.attempts(commandId),
      recordAttempts: (attempts) => ledger.recordAttempts(attempts),
      stats: () => {
        const { entries, inHand, diskBytes, waitingBytes } = ledger.stats();
        return { entries: entries + inHand, bytes: diskBytes + waitingBytes };
      },
      hasten: () => ledger.hasten(),
      close: () => ledger.close(AbortSignal.timeout(CLOSE_MS)),
    };
  };
}
