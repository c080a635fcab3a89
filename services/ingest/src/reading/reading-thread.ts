/**
 * A thread of its own for costly bodies, so that what a body costs is waited for by its sender and not by the event
 * loop. It has a heap of its own, which a body that needs more can exhaust: then the thread ends, not the process.
 */
import { Worker } from 'node:worker_threads';
import type { Logger } from '@astrolabe/service-kit';
import { PipelineError, defect } from '@astrolabe/service-kit/errors';
import { blocksOf, type ReadingCall, type ReadingResult } from './reading-calls.ts';

export interface ReadingThread {
  /**
   * One call at a time; what the call holds in blocks is handed over. Resolves also if the call failed. Rejects with
   * `ingest.internal` if the thread ended first; the next call starts another one.
   */
  call(call: ReadingCall): Promise<ReadingResult>;
  /** Forgets a body that was loaded and will not be judged. At any time, and as often as one likes. */
  drop(id: number): void;
}

export type ToThread = ReadingCall | { readonly kind: 'drop'; readonly id: number };

export interface ReadingThreadOptions {
  /** Of its heap, without the bytes of bodies and records. */
  readonly heapMegabytes: number;
  readonly logger: Logger;
  /** Called when it ended without `close`. */
  readonly onEnded: () => void;
}

type State =
  /** Not started yet, or ended by itself. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'idle'; readonly worker: Worker }
  | {
      readonly kind: 'busy';
      readonly worker: Worker;
      readonly resolve: (result: ReadingResult) => void;
      readonly reject: (error: PipelineError) => void;
    }
  | { readonly kind: 'closed' };

const workerUrl = new URL('./reading-worker.ts', import.meta.url);

/** Parsed, a body takes up to thirty times its size, and judged a little more. */
const HEAP_BYTES_FOR_A_BODY_BYTE = 40;
const LEAST_HEAP_MEGABYTES = 64;
/** V8's default would be 192, which stay resident; less than 32 makes it copy a parsed body again and again. */
const YOUNG_MEGABYTES = 32;

export function readingHeapMegabytes(maxInflatedBytes: number): number {
  return LEAST_HEAP_MEGABYTES + Math.ceil((maxInflatedBytes * HEAP_BYTES_FOR_A_BODY_BYTE) / 1e6);
}

export class WorkerThread implements ReadingThread {
  readonly #options: ReadingThreadOptions;
  #state: State = { kind: 'absent' };

  /** Starts the thread, so that the first costly body need not wait for it. */
  constructor(options: ReadingThreadOptions) {
    this.#options = options;
    this.#state = { kind: 'idle', worker: this.#start() };
  }

  call(call: ReadingCall): Promise<ReadingResult> {
    const state = this.#state;
    if (state.kind === 'busy') return Promise.reject(defect('two calls of the reading thread at a time'));
    if (state.kind === 'closed') return Promise.reject(lost('it was closed'));
    const worker = state.kind === 'idle' ? state.worker : this.#start();
    return new Promise((resolve, reject) => {
      this.#state = { kind: 'idle', worker };
      worker.postMessage(call, blocksOf(call));
      this.#state = { kind: 'busy', worker, resolve, reject };
    });
  }

  drop(id: number): void {
    const state = this.#state;
    if (state.kind === 'busy' || state.kind === 'idle')
      state.worker.postMessage({ kind: 'drop', id } satisfies ToThread);
  }

  /** A call under way rejects. */
  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { kind: 'closed' };
    if (state.kind === 'busy') state.reject(lost('it was closed'));
    if (state.kind === 'busy' || state.kind === 'idle') await state.worker.terminate();
  }

  #start(): Worker {
    const { heapMegabytes } = this.#options;
    const worker = new Worker(workerUrl, {
      name: 'reading',
      resourceLimits: { maxOldGenerationSizeMb: heapMegabytes, maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
    });
    let cause: unknown;
    worker.on('message', (result: ReadingResult) => this.#answered(worker, result));
    worker.on('error', (error: unknown) => void (cause = error));
    // It has one state only together with this side, so one that cannot be understood is of no use.
    worker.on('messageerror', (error: unknown) => {
      cause = error;
      void worker.terminate();
    });
    worker.on('exit', () => this.#ended(worker, cause));
    return worker;
  }

  #answered(worker: Worker, result: ReadingResult): void {
    const state = this.#state;
    if (state.kind !== 'busy' || state.worker !== worker) return;
    this.#state = { kind: 'idle', worker };
    state.resolve(result);
  }

  #ended(worker: Worker, cause: unknown): void {
    const state = this.#state;
    if ((state.kind !== 'busy' && state.kind !== 'idle') || state.worker !== worker) return;
    this.#state = { kind: 'absent' };
    const error = lost('it ended', cause);
    this.#options.logger.error({ err: error }, 'a thread ended; the next costly body starts it again');
    this.#options.onEnded();
    if (state.kind === 'busy') state.reject(error);
  }
}

export function lost(why: string, cause?: unknown): PipelineError {
  const message = `the thread that reads costly bodies does not answer: ${why}`;
  return new PipelineError('ingest.internal', message, { retryable: true, cause });
}
