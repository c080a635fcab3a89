import type { DeliverySettings } from '@astrolabe/service-kit/connectors';
import type { DispatcherConfig } from '../config.ts';
import type { ConcurrencyPolicy } from '../core/adaptive-concurrency.ts';
import type { CircuitPolicies } from './circuit-breaker.ts';

export interface BulkPolicy {
  readonly maxCommands: number;
  readonly maxBytes: number;
  /** How long a command waits for others to share its call. */
  readonly lingerMs: number;
}

export interface LimiterPolicy {
  readonly concurrency: ConcurrencyPolicy;
  /** 0 is unlimited. */
  readonly callsPerSecond: number;
  readonly circuit: CircuitPolicies;
  /** Undefined: a call for each command. */
  readonly bulk: BulkPolicy | undefined;
}

/** Calls in flight at the start, until the latency of the API says something. */
const INITIAL_CALLS = 64;

type LimiterConfig = Pick<
  DispatcherConfig,
  | 'maxConcurrentCalls'
  | 'minConcurrentCalls'
  | 'callsPerSecond'
  | 'bulk'
  | 'bulkMaxCommands'
  | 'bulkMaxBytes'
  | 'bulkLingerMs'
  | 'circuitFailures'
  | 'circuitPauseMs'
  | 'circuitMaxPauseMs'
  | 'haltMs'
  | 'haltMaxMs'
>;

/** The policy of a connector: its own settings, and the process's where it has none. */
export function createLimiterPolicies(
  config: LimiterConfig,
): (settings: DeliverySettings | undefined) => LimiterPolicy {
  const bulkPolicy = {
    maxCommands: config.bulkMaxCommands,
    maxBytes: config.bulkMaxBytes,
    lingerMs: config.bulkLingerMs,
  };
  return (settings = {}) => {
    const ceiling = settings.maxConcurrentCalls ?? config.maxConcurrentCalls;
    // A connector that may have few calls has no more at the least either.
    const floor = Math.min(config.minConcurrentCalls, ceiling);
    return {
      concurrency: { floor, initial: Math.max(floor, Math.min(INITIAL_CALLS, ceiling)), ceiling },
      callsPerSecond: settings.callsPerSecond ?? config.callsPerSecond,
      circuit: {
        failing: {
          failuresToOpen: config.circuitFailures,
          pauseMs: config.circuitPauseMs,
          maxPauseMs: config.circuitMaxPauseMs,
        },
        halted: { failuresToOpen: 1, pauseMs: config.haltMs, maxPauseMs: config.haltMaxMs },
      },
      bulk: (settings.bulk ?? config.bulk) ? bulkPolicy : undefined,
    };
  };
}
