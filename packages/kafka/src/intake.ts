/** Pauses a partition while its buffer is full, and resumes it once half of the buffer is free. */
import type { Amount, LaneLimits } from './lane-limits.ts';
import type { PartitionSession } from './partition-processor.ts';

export class Intake {
  readonly #session: Pick<PartitionSession, 'pause' | 'resume'>;
  readonly #limits: Pick<LaneLimits, 'maxRecords' | 'maxBytes'>;
  #paused = false;

  constructor(
    session: Pick<PartitionSession, 'pause' | 'resume'>,
    limits: Pick<LaneLimits, 'maxRecords' | 'maxBytes'>,
  ) {
    this.#session = session;
    this.#limits = limits;
  }

  pauseIf(isFull: boolean): void {
    if (this.#paused || !isFull) return;
    this.#paused = true;
    this.#session.pause();
  }

  /** `inHand` is what the buffer holds. */
  resumeAtHalf({ records, bytes }: Amount): void {
    const { maxRecords, maxBytes } = this.#limits;
    if (!this.#paused || records > maxRecords / 2 || bytes > maxBytes / 2) return;
    this.#paused = false;
    this.#session.resume();
  }
}
