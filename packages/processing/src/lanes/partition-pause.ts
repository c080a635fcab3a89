/**
 * Whether a partition is paused because too much of it is in hand. It goes on at half, so that it does not change with
 * each record.
 */
import type { LaneLimits } from './lane-handler.ts';
import type { Amount } from './lane-task.ts';
import type { PartitionSession } from '../consumer/partition-processor.ts';

export class PartitionPause {
  readonly #session: Pick<PartitionSession, 'pause' | 'resume'>;
  readonly #limits: Pick<LaneLimits, 'maxRecords' | 'maxBytes'>;
  #isPaused = false;

  constructor(
    session: Pick<PartitionSession, 'pause' | 'resume'>,
    limits: Pick<LaneLimits, 'maxRecords' | 'maxBytes'>,
  ) {
    this.#session = session;
    this.#limits = limits;
  }

  begin(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#session.pause();
  }

  endAtHalf({ records, bytes }: Amount): void {
    if (!this.#isPaused || records > this.#limits.maxRecords / 2 || bytes > this.#limits.maxBytes / 2) return;
    this.#isPaused = false;
    this.#session.resume();
  }
}
