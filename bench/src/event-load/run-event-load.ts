/** Sends events to one ingest, from a thread of its own, so that the program that measures does not slow it down. */
import { Worker } from 'node:worker_threads';

interface EventLoadTarget {
  /** Of the server, without a path. */
  readonly url: string;
  readonly writeKey: string;
  /** Event `index` is of user `index % users`. */
  readonly users: number;
  /** The first number that no event has had yet. */
  readonly first: number;
  readonly events: number;
  readonly connections: number;
}

export type EventLoad = EventLoadTarget &
  (
    | { readonly kind: 'batches'; readonly eventsPerRequest: number }
    /** `eventsPerRequest`: of consecutive users, whose number it divides. Default: single events. */
    | { readonly kind: 'paced'; readonly eventsPerSecond: number; readonly eventsPerRequest?: number }
  );

/** Times are those of `monotonicMs`. */
export interface RunningLoad {
  /** Connections are open, and the first request is about to be sent. */
  readonly startedAtMs: number;
  /** Of a paced load: nothing more is sent, though not all events were. */
  stop(): void;
  /**
   * Resolves when everything that was sent has been answered 200, with when each event was handed to its connection
   * (nothing for batches); rejects when anything is answered otherwise.
   */
  readonly sentAtMs: Promise<Float64Array>;
}

/** What the thread says: first that it begins, then what it noted. */
export type LoadMessage = { readonly startedAtMs: number } | { readonly sentAtMs: Float64Array };

/** Resolves when the sending begins. */
export async function startEventLoad(load: EventLoad): Promise<RunningLoad> {
  const started = Promise.withResolvers<number>();
  const ended = Promise.withResolvers<Float64Array>();
  // Heard by the caller, who may not wait for it yet.
  ended.promise.catch(() => undefined);
  const fail = (error: unknown): void => {
    started.reject(error);
    ended.reject(error);
  };
  const worker = new Worker(new URL('./load-worker.ts', import.meta.url), { workerData: load });
  worker.on('message', (message: LoadMessage) => {
    if ('startedAtMs' in message) started.resolve(message.startedAtMs);
    else ended.resolve(message.sentAtMs);
  });
  worker.once('error', fail);
  worker.once('exit', (code) => fail(new Error(`the load generator ended with exit code ${code}`)));
  return {
    startedAtMs: await started.promise,
    stop: () => worker.postMessage('stop'),
    sentAtMs: ended.promise,
  };
}
