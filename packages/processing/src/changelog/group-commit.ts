/**
 * Batches of all partitions of a process, in as few transactions as the load allows: one takes what has come while the
 * last one was in flight (gathering.ts).
 *
 * Transactions are committed in the order in which their batches came, or not at all: after one has failed, nothing
 * more is committed.
 */
import { recordSizeBytes, type TopicRecord } from '@astrolabe/records';
import type { Clock } from '@astrolabe/service-kit/clock';
import { present } from '@astrolabe/service-kit/errors';
import type { TransactionalId } from './changelog-brokers.ts';
import { nextTransaction } from './gathering.ts';

export interface GroupCommitOptions {
  /** Used in turns, so that the next transaction need not wait until the last one's markers are written. */
  readonly ids: readonly TransactionalId[];
  readonly clock: Clock;
}

/** Records that are committed together. */
export interface SubmittedBatch {
  /** Rejects with what ended the transaction that contains it, or ended one before. */
  readonly committed: Promise<void>;
  /** Whether it has not begun to be written: then it never will be, and `committed` rejects with the reason. */
  withdraw(reason: Error): boolean;
}

interface Waiting {
  readonly records: readonly TopicRecord[];
  readonly sizeBytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Of the batches of one transaction; at least one is taken. */
const MAX_TRANSACTION_BYTES = 8_388_608;
const LAST_ABORT_MS = 1_000;

export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #turn = 0;
  #inFlight = 0;
  #last: { readonly endedAtMs: number; readonly tookMs: number } | undefined;
  #soon: NodeJS.Immediate | undefined;
  #isPausing = false;
  /** Of the last transaction: its records are stored, and it is committed. */
  #stored: Promise<void> = Promise.resolve();
  #committed: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;
  readonly #failed = Promise.withResolvers<unknown>();

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** Whether a transaction has failed: nothing more is committed. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Resolves with what has failed. */
  get failed(): Promise<unknown> {
    return this.#failed.promise;
  }

  submit(records: readonly TopicRecord[]): SubmittedBatch {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Its owner may have gone by then.
    promise.catch(() => undefined);
    if (this.#failure !== undefined) {
      reject(this.#failure.error);
      return { committed: promise, withdraw: () => false };
    }
    const sizeBytes = records.reduce((sum, record) => sum + recordSizeBytes(record), 0);
    const waiting = { records, sizeBytes, resolve, reject };
    this.#waiting.push(waiting);
    this.#waitingBytes += sizeBytes;
    // Not at once: the other partitions of the same fetch submit theirs in the same turn of the event loop.
    this.#soon ??= setImmediate(() => {
      this.#soon = undefined;
      this.#beginWhatMay();
    });
    return {
      committed: promise,
      withdraw: (reason) => {
        const index = this.#waiting.indexOf(waiting);
        if (index === -1) return false;
        this.#waiting.splice(index, 1);
        this.#waitingBytes -= sizeBytes;
        reject(reason);
        return true;
      },
    };
  }

  /** Nothing more is begun; what is open is aborted, so that nobody waits for its time-out. Never rejects. */
  async close(reason: Error): Promise<void> {
    this.#fail(reason);
    const { ids } = this.#options;
    await withinMs(LAST_ABORT_MS, Promise.allSettled(ids.map((id) => id.abort())));
    await Promise.all(ids.map((id) => id.close()));
  }

  #beginWhatMay(): void {
    while (this.#waiting.length > 0 && this.#failure === undefined) {
      const nowMs = this.#options.clock.monotonicMs();
      const maxInFlight = this.#options.ids.length;
      const input = { inFlight: this.#inFlight, maxInFlight, waitingBytes: this.#waitingBytes, last: this.#last };
      const next = nextTransaction(input, nowMs);
      if (next.kind === 'later') return;
      if (next.kind === 'at') return this.#pause(next.atMs - nowMs);
      this.#begin(this.#take(), nowMs);
    }
  }

  #pause(ms: number): void {
    if (this.#isPausing) return;
    this.#isPausing = true;
    void this.#options.clock.sleep(ms).then(() => {
      this.#isPausing = false;
      this.#beginWhatMay();
    });
  }

  #take(): readonly Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { sizeBytes } of this.#waiting) {
      if (count > 0 && bytes + sizeBytes > MAX_TRANSACTION_BYTES) break;
      bytes += sizeBytes;
      count += 1;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }

  #begin(batches: readonly Waiting[], nowMs: number): void {
    const { ids, clock } = this.#options;
    // Transactions end in the order of their beginnings, so the id whose turn it is has ended its last one.
    const id = present(ids[this.#turn % ids.length], 'the transactional id whose turn it is');
    this.#turn += 1;
    this.#inFlight += 1;
    const [earlierStored, earlierCommitted] = [this.#stored, this.#committed];
    const records = batches.flatMap((batch) => batch.records);
    // Order within a partition: two ids have a connection each.
    const stored = id.store(records, earlierStored);
    const committed = Promise.all([stored, earlierCommitted]).then(() => {
      if (this.#failure !== undefined) throw this.#failure.error;
      return id.commit();
    });
    this.#stored = stored;
    this.#committed = committed;
    stored.catch(() => undefined);
    committed.then(
      () => {
        const endedAtMs = clock.monotonicMs();
        this.#inFlight -= 1;
        this.#last = { endedAtMs, tookMs: endedAtMs - nowMs };
        for (const { resolve } of batches) resolve();
        this.#beginWhatMay();
      },
      (error: unknown) => {
        this.#inFlight -= 1;
        this.#fail(error);
        for (const { reject } of batches) reject(error);
      },
    );
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#failed.resolve(error);
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const { reject } of waiting) reject(this.#failure.error);
  }
}

/** Resolves when the work has settled, or when its time is up. */
export async function withinMs(timeoutMs: number, work: Promise<unknown>): Promise<void> {
  const { promise: timeUp, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timeoutMs);
  timer.unref();
  await Promise.race([work.catch(() => undefined), timeUp]);
  clearTimeout(timer);
}
