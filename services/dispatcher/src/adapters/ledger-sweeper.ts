/** Gives back the disk of partitions that have gone elsewhere: at the start, and every hour. */
import { sweepDirectories } from '@astrolabe/ledger';
import type { Logger } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import { isPipelineError } from '@astrolabe/service-kit/errors';

export interface LedgerSweeperOptions {
  /** Of all groups (`partitionDirectory`). */
  readonly directory: string;
  readonly windowMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onSwept: (directories: number) => void;
}

const INTERVAL_MS = 3_600_000;

export function startLedgerSweeper(options: LedgerSweeperOptions): { close(): Promise<void> } {
  const { clock, logger } = options;
  const closing = new AbortController();
  const sweeping = (async () => {
    for (;;) {
      await sweep(options);
      await clock.sleep(INTERVAL_MS, closing.signal);
    }
  })().catch((error: unknown) => {
    if (!closing.signal.aborted) logger.error({ err: error }, 'ledger folders are not swept any more');
  });
  return {
    close: async () => {
      closing.abort();
      await sweeping;
    },
  };
}

async function sweep({ directory, windowMs, clock, logger, onSwept }: LedgerSweeperOptions): Promise<void> {
  try {
    const swept = await sweepDirectories({ directory, unusedSinceMs: clock.nowMs() - windowMs });
    onSwept(swept.length);
    for (const { path, bytes } of swept) {
      logger.info({ path, bytes }, "removed a partition's ledger folder: all in it is older than the window");
    }
  } catch (error) {
    if (!isPipelineError(error)) throw error;
    // The partitions that are here do not need it; what is wrong with the disk, they will meet themselves.
    logger.warn({ err: error }, 'ledger folders could not be swept; trying again in an hour');
  }
}
