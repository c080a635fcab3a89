/** When a process of which revision was there. All times are epoch milliseconds. */
import type { ProcessLife } from '../oracle/observed.ts';
import type { Side } from '../schedule/disturbance.ts';
import type { LastFault } from './last-fault.ts';

export interface LifeSpan extends Pick<ProcessLife, 'service' | 'instance' | 'life' | 'end'> {
  readonly side: Side;
  readonly beganAtMs: number;
  /**
   * Ingest: when it served. The others: when a look at their metrics, every two seconds, first showed partitions.
   * Undefined where it never came to that.
   */
  readonly workedFromMs: number | undefined;
  /** Undefined while it runs. */
  readonly endedAtMs: number | undefined;
  /** Of one that crashed. */
  readonly fault: LastFault | undefined;
}
