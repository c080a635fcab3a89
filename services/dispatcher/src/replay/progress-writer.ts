import type { OutgoingRecord } from '@astrolabe/records';
import { FaultLog, type Logger } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import { unlessAborted } from '@astrolabe/service-kit/retry';

/** Somebody who has progress to tell. */
export interface ProgressTeller {
  /** How far it is now. `atMs`: epoch milliseconds. */
  progress(atMs: number): OutgoingRecord;
}

export interface ProgressWriterOptions {
  /** Resolves once the brokers have the records. */
  readonly send: (records: readonly OutgoingRecord[]) => Promise<unknown>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Progress is for people, and a later start: nobody waits for it. */
const INTERVAL_MS = 1_000;

/**
 * Writes the progress of a partition's replays, that of all who have moved together. What could not be written is
 * written with the next: each record tells all that was done.
 */
export class ProgressWriter {
  readonly #options: ProgressWriterOptions;
  readonly #moved = new Set<ProgressTeller>();
  readonly #faults: FaultLog;
  #writing: Promise<void> | undefined;
  #isUrgent = false;
  #lastMs = -Infinity;

  constructor(options: ProgressWriterOptions) {
    this.#options = options;
    this.#faults = new FaultLog(options.logger);
  }

  /** To be told within about a second. */
  moved(teller: ProgressTeller): void {
    this.#moved.add(teller);
  }

  /** To be told now: others wait for it, or it is over. */
  changed(teller: ProgressTeller): void {
    this.#moved.add(teller);
    this.#isUrgent = true;
    this.#write();
  }

  forget(teller: ProgressTeller): void {
    this.#moved.delete(teller);
  }

  /** To be called now and then. */
  review(): void {
    const isDue = this.#options.clock.monotonicMs() - this.#lastMs >= INTERVAL_MS;
    if (isDue || this.#isUrgent) this.#write();
  }

  /** Writes what has not been told yet. Resolves after `timeoutMs` at the latest: the brokers may be away. */
  async close(timeoutMs: number): Promise<void> {
    const signal = AbortSignal.timeout(timeoutMs);
    const writeRest = async (): Promise<void> => {
      await this.#writing;
      if (signal.aborted) return;
      this.#write();
      await this.#writing;
    };
    await unlessAborted(writeRest(), signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  #write(): void {
    if (this.#writing !== undefined || this.#moved.size === 0) return;
    const { clock } = this.#options;
    const tellers = [...this.#moved];
    this.#moved.clear();
    this.#isUrgent = false;
    this.#lastMs = clock.monotonicMs();
    const atMs = clock.nowMs();
    const records = tellers.map((teller) => teller.progress(atMs));
    this.#writing = this.#send(tellers, records).finally(() => {
      this.#writing = undefined;
      if (this.#isUrgent) this.#write();
    });
  }

  async #send(tellers: readonly ProgressTeller[], records: readonly OutgoingRecord[]) {
    try {
      await this.#options.send(records);
    } catch (error) {
      for (const teller of tellers) this.#moved.add(teller);
      this.#faults.failed(error, {}, 'storing the progress of replays failed; it is stored later');
    }
  }
}
