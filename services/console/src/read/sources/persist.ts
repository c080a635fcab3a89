/** Work that goes on until the process stops or nobody watches: what fails is told and tried again. */
import { pauseAfter, retryPolicies } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import { unlessAborted } from '@astrolabe/service-kit/retry';

export interface PersistOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Called before each pause. */
  readonly onFailure: (error: unknown) => void;
}

/** After work that lasted so long, the next failure is a first one again. */
const LONG_MS = 30_000;

/** Without one, what fails at once would keep a core busy. */
const SHORTEST_PAUSE_MS = 100;

/** Repeats `work`, whatever it does, until the signal aborts; what is under way then is not waited for. */
export async function persist(work: () => Promise<void>, options: PersistOptions): Promise<void> {
  const { clock, random, signal, onFailure } = options;
  for (let failures = 1; ; failures += 1) {
    const startedMs = clock.monotonicMs();
    try {
      await unlessAborted(work(), signal);
    } catch (error) {
      if (signal.aborted) return;
      onFailure(error);
    }
    if (clock.monotonicMs() - startedMs > LONG_MS) failures = 1;
    const pauseMs = Math.max(SHORTEST_PAUSE_MS, pauseAfter(retryPolicies.dependency, failures, random()));
    try {
      await clock.sleep(pauseMs, signal);
    } catch {
      return;
    }
  }
}
