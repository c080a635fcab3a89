/** What a call means for the limits of its connector, apart from what it means for the command. Pure. */
import type { ConcurrencyRound } from './adaptive-concurrency.ts';
import type { CircuitEvent } from './circuit.ts';
import type { Verdict } from './classify-response.ts';

export interface CallResult {
  readonly circuit: CircuitEvent;
  readonly pressure: ConcurrencyRound['pressure'];
  /** Undefined: its duration says nothing of the load. */
  readonly durationMs: number | undefined;
  /** The API asked to be left alone for so long. */
  readonly pauseMs: number | undefined;
}

/**
 * No call was made after all. It counts as a success: a connector that is gone must not stay halted, or its alert would
 * never end.
 */
export const notCalled: CallResult = {
  circuit: 'success',
  pressure: 'none',
  durationMs: undefined,
  pauseMs: undefined,
};

/** The call was given up before its answer. */
export const abandonedCall: CallResult = {
  circuit: 'abandoned',
  pressure: 'none',
  durationMs: undefined,
  pauseMs: undefined,
};

const refusedKey: CallResult = { circuit: 'refusal', pressure: 'none', durationMs: undefined, pauseMs: undefined };

export function toCallResult(verdict: Verdict, durationMs: number, maxRetryAfterMs: number): CallResult {
  switch (verdict.kind) {
    case 'delivered':
    case 'rejected':
      return { circuit: 'success', pressure: 'none', durationMs, pauseMs: undefined };
    case 'halt':
      return refusedKey;
    case 'retry': {
      const { reason, status, afterMs } = verdict;
      const isThrottled = status === 429 || status === 503;
      const isWork = reason === 'in-progress' || reason === 'rate-limited' || reason === 'request-timeout';
      return {
        circuit: isWork ? 'success' : 'failure',
        pressure: isThrottled ? 'throttled' : reason === 'timeout' ? 'timeout' : 'none',
        durationMs: undefined,
        pauseMs: isThrottled && afterMs !== undefined ? Math.min(afterMs, maxRetryAfterMs) : undefined,
      };
    }
  }
}
