/**
 * Load on one HTTP server, from a thread of its own, so that the program that measures does not wait for the one that
 * sends.
 */
import { Worker } from 'node:worker_threads';

export interface LoadOptions {
  /** Of the server, without a path. */
  readonly url: string;
  readonly path: string;
  readonly writeKey: string;
  readonly connections: number;
  readonly eventsPerRequest: number;
  readonly isBatch: boolean;
  readonly seconds: number;
  /** The first number that no message id has had yet. */
  readonly firstId: number;
}

/** Everything that was sent was answered 200. */
export interface LoadResult {
  readonly requests: number;
  readonly events: number;
  /** Until the last answer. */
  readonly elapsedMs: number;
  /** From the first byte of a request to the last of its answer. */
  readonly latenciesMs: Float64Array;
}

/** Rejects when any request is not answered with 200. */
export function runLoad(options: LoadOptions): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./load-worker.ts', import.meta.url), { workerData: options });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the load generator ended with exit code ${code}`)));
  });
}
