import type { GroupSession } from '../consumer/partition-processor.ts';

export interface RecordedSession extends GroupSession {
  /** Everything that was called, in order. */
  readonly calls: string[];
  readonly faults: unknown[];
  /** Highest offset declared committable. */
  committable(): bigint | undefined;
  /** What the end of a session does first. */
  abort(): void;
}

/** A session that keeps what a processor does with it. */
export function recordedSession(): RecordedSession {
  const controller = new AbortController();
  const calls: string[] = [];
  const faults: unknown[] = [];
  let committable: bigint | undefined;
  return {
    topic: 't',
    partition: 0,
    topicId: undefined,
    epoch: 1,
    signal: controller.signal,
    calls,
    faults,
    committable: () => committable,
    abort: () => controller.abort(new Error('the session is over')),
    storeOffset: (nextOffset) => {
      calls.push(`committable ${nextOffset}`);
      if (committable === undefined || nextOffset > committable) committable = nextOffset;
    },
    untilCommitted: async (nextOffset) => {
      calls.push(`until committed ${nextOffset}`);
    },
    pause: () => void calls.push('pause'),
    resume: () => void calls.push('resume'),
    fail: (fault) => {
      calls.push('fail');
      faults.push(fault);
    },
  };
}
