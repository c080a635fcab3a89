/**
 * A patch of kafkajs 2.2.4: its consumer asks for more as soon as a response is handled. Records that trickle in are
 * then fetched one by one, hundreds of times a second, and each fetch costs the broker and the consumer as much as one
 * of a thousand records. After a small response the next request waits until some milliseconds after it, and so brings
 * all that came meanwhile. A large response is followed at once. A record that comes after a rest waits for nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { replaceMethods, type Patch } from './patch.ts';

interface Runner {
  fetch(nodeId: number): Promise<readonly { readonly rawMessages: readonly unknown[] }[]>;
}

/** What a fetch has brought. */
export interface FetchResponse {
  /** By the monotonic clock. */
  readonly atMs: number;
  /** Control records included. */
  readonly records: number;
}

const FETCH_INTERVAL_MS = 5;
const MANY_RECORDS = 64;

/** How long the next fetch from the same broker waits. Pure. */
export function pauseBeforeFetchMs(last: FetchResponse | undefined, nowMs: number): number {
  if (last === undefined || last.records === 0 || last.records >= MANY_RECORDS) return 0;
  return Math.max(0, last.atMs + FETCH_INTERVAL_MS - nowMs);
}

export function gatherSmallFetches(): Patch {
  /** By runner and broker. */
  const responses = new WeakMap<Runner, Map<number, FetchResponse>>();
  return replaceMethods<Runner>('consumer/runner', ({ fetch }) => ({
    fetch: async function (this: Runner, nodeId: number) {
      const last = responses.get(this) ?? new Map<number, FetchResponse>();
      responses.set(this, last);
      const pauseMs = pauseBeforeFetchMs(last.get(nodeId), performance.now());
      if (pauseMs > 0) await sleep(pauseMs);
      const batches = await fetch.call(this, nodeId);
      const records = batches.reduce((sum, { rawMessages }) => sum + rawMessages.length, 0);
      last.set(nodeId, { atMs: performance.now(), records });
      return batches;
    },
  }));
}
