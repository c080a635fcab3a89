/** Watches whether events can be stored, for the readiness of this instance. */
import type { Logger } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { unlessAborted } from '@astrolabe/service-kit/retry';
import {
  initialStoreHealth,
  isReady,
  nextStoreHealth,
  storeHealthPolicy,
  type StoreEvidence,
  type StoreHealth,
} from './core/store/store-health.ts';
import type { EventSink } from './event-sink.ts';

export interface StoreWatchOptions {
  /**
   * Called every two seconds while no request shows whether events can be stored: an instance that was taken out gets
   * none. Rejects with a `PipelineError` where storing would certainly fail. It stores nothing.
   */
  readonly probe: () => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface StoreWatch {
  /** The same sink; what becomes of its records is taken note of. */
  watch(sink: EventSink): EventSink;
  /** Why this instance is not ready; undefined while it is. */
  trouble(): string | undefined;
  /** Waits for no probe. Never rejects. */
  close(): Promise<void>;
}

const PROBE_INTERVAL_MS = 2_000;

export function createStoreWatch({ probe, clock, logger }: StoreWatchOptions): StoreWatch {
  const closing = new AbortController();
  let health = initialStoreHealth(clock.monotonicMs());
  let seenAtMs = -Infinity;

  const see = (evidence: StoreEvidence): void => {
    const nowMs = clock.monotonicMs();
    const before = health;
    seenAtMs = nowMs;
    health = nextStoreHealth(before, evidence, nowMs, storeHealthPolicy);
    if (isReady(before) !== isReady(health)) tell(health, logger);
  };
  const look = async (): Promise<void> => {
    try {
      await unlessAborted(probe(), closing.signal);
      see({ kind: 'probe-passed' });
    } catch (error) {
      if (!isPipelineError(error)) throw error;
      see({ kind: 'probe-failed', reason: error.message });
    }
  };
  const watching = (async () => {
    for (;;) {
      await clock.sleep(PROBE_INTERVAL_MS, closing.signal);
      if (clock.monotonicMs() - seenAtMs >= PROBE_INTERVAL_MS) await look();
    }
  })().catch((error: unknown) => {
    if (!closing.signal.aborted) logger.error({ err: error }, 'whether events can be stored is not looked at any more');
  });
  return {
    watch: (sink) => ({
      store: async (records) => {
        try {
          await sink.store(records);
        } catch (error) {
          if (isPipelineError(error)) see({ kind: 'failed', reason: error.message });
          throw error;
        }
        see({ kind: 'stored' });
      },
    }),
    trouble: () => (isReady(health) ? undefined : describe(health)),
    close: async () => {
      closing.abort();
      await watching;
    },
  };
}

function describe({ state, reason, holdMs }: StoreHealth): string {
  if (state === 'unready') return `events cannot be stored: ${reason}`;
  return `events could not be stored: ${reason}; ready again when that has worked for ${holdMs / 1_000} s`;
}

function tell(health: StoreHealth, logger: Logger): void {
  const { state, reason } = health;
  if (isReady(health)) logger.info('ready again: events can be stored');
  else logger.warn({ state, reason }, 'not ready until events can be stored again');
}
