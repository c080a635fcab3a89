/**
 * A patch of kafkajs 2.2.4: its consumer counts the fetches that have failed since it last joined, and never those that
 * were answered between them. So the ninth lost connection crashes it, be it months after the first, and its group
 * rebalances; until then each pause is longer than the one before, up to 2 seconds. Here the count starts again
 * where the broker has answered since its last failure. A broker that fails again and again is counted as before.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isFirstFailure } from './fetch-failures.ts';
import { replaceMethods, type Patch } from '../patch.ts';

/** `retryTimeMs`: the pause before the next attempt. What is thrown is counted, and what resolves ends the count. */
type Attempt = (bail: (error: Error) => void, retryCount: number, retryTimeMs: number) => Promise<void>;
type Retrier = (attempt: Attempt) => Promise<void>;

interface Runner {
  retrier: Retrier;
  scheduleFetchManager(): void;
}

export function countFailuresInARow(): Patch {
  const counting = new WeakSet<Runner>();
  return replaceMethods<Runner>('consumer/runner', ({ scheduleFetchManager }) => ({
    scheduleFetchManager: function (this: Runner): void {
      if (!counting.has(this)) {
        counting.add(this);
        this.retrier = countingInARow(this.retrier);
      }
      scheduleFetchManager.call(this);
    },
  }));
}

function countingInARow(retrier: Retrier): Retrier {
  return (attempt) =>
    retrier(async (bail, retryCount, retryTimeMs) => {
      try {
        await attempt(bail, retryCount, retryTimeMs);
      } catch (error) {
        if (!isFirstFailure(error)) throw error;
        // The runner schedules the next attempt, with a count of its own, as soon as this one resolves.
        await sleep(retryTimeMs);
      }
    });
}
