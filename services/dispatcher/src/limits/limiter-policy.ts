import type { DeliverySettings } from '@astrolabe/service-kit';
import type { DispatcherConfig } from '../config.ts';
import type { GatePolicy } from './connector-limiter.ts';

/** Calls in flight at the start, until the latency of the API says something. */
const INITIAL_CALLS = 64;

type GateConfig = Pick<
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
export function createGatePolicies(config: GateConfig): (settings: DeliverySettings | undefined) => GatePolicy {
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
      failing: {
        failuresToOpen: config.circuitFailures,
        pauseMs: config.circuitPauseMs,
        maxPauseMs: config.circuitMaxPauseMs,
      },
      halted: { failuresToOpen: 1, pauseMs: config.haltMs, maxPauseMs: config.haltMaxMs },
      bulk: (settings.bulk ?? config.bulk) ? bulkPolicy : undefined,
    };
  };
}
