import type { DeliverySettings } from '@astrolabe/service-kit/connectors';
import type { DispatcherConfig } from '../config.ts';
import type { ConcurrencyPolicy } from '../core/adaptive-concurrency.ts';
import { callRateOf, concurrentCallsOf } from '../core/share/partition-share.ts';
import type { CircuitPolicies } from './circuit-breaker.ts';
import type { InstanceShares } from './settled-shares.ts';

export interface BulkPolicy {
  readonly maxCommands: number;
  readonly maxBytes: number;
  /** How long a command waits for others to share its call. */
  readonly lingerMs: number;
}

export interface LimiterPolicy {
  /** False while other instances may still use the whole limit: no call is made, not even a probe. */
  readonly mayCall: boolean;
  readonly concurrency: ConcurrencyPolicy;
  /** Not whole where it is less than one. Undefined: unlimited. */
  readonly callsPerSecond: number | undefined;
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

/**
 * The policy of a connector: its own settings, and the process's where it has none. This instance takes its share of
 * what holds over all instances: the rate, and the connector's own number of calls in flight. The process's number of
 * calls in flight is for each instance, so that more instances make more calls where nobody asked for a bound.
 */
export function createLimiterPolicies(
  config: LimiterConfig,
): (settings: DeliverySettings | undefined, shares: InstanceShares) => LimiterPolicy {
  const bulkPolicy = {
    maxCommands: config.bulkMaxCommands,
    maxBytes: config.bulkMaxBytes,
    lingerMs: config.bulkLingerMs,
  };
  return (settings = {}, shares) => {
    const hasCalls = shares.calls.owned > 0;
    const ownCeiling = settings.maxConcurrentCalls;
    // Without a share no call is made: what was learnt of the API need not be forgotten for it.
    const isDivided = ownCeiling !== undefined && hasCalls;
    const ceiling = isDivided ? concurrentCallsOf(ownCeiling, shares.calls) : (ownCeiling ?? config.maxConcurrentCalls);
    const callsPerSecond = settings.callsPerSecond ?? config.callsPerSecond;
    const isUnlimited = callsPerSecond === 0;
    // A connector that may have few calls has no more at the least either.
    const floor = Math.min(config.minConcurrentCalls, ceiling);
    return {
      mayCall: hasCalls && (isUnlimited || shares.rate.owned > 0),
      concurrency: { floor, initial: Math.max(floor, Math.min(INITIAL_CALLS, ceiling)), ceiling },
      callsPerSecond: isUnlimited ? undefined : callRateOf(callsPerSecond, shares.rate),
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
