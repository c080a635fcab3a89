/** Limiters that share a bulkhead, and the calls that they have made. */
import { createManualClock } from '@astrolabe/service-kit/clock';
import type { CallResult } from '../core/call-result.ts';
import { Bulkhead } from '../limits/bulkhead.ts';
import { ConnectorLimiter } from '../limits/connector-limiter.ts';
import type { QueuedItem } from '../limits/item-line.ts';
import type { LimiterPolicy } from '../limits/limiter-policy.ts';

export class Item implements QueuedItem {
  isWaiting = true;
  isSingle = false;
  readonly isReplayed: boolean;
  readonly name: string;
  readonly sizeBytes: number;

  constructor(name: string, sizeBytes = 100, isReplayed = false) {
    this.name = name;
    this.sizeBytes = sizeBytes;
    this.isReplayed = isReplayed;
  }
}

export const success: CallResult = { circuit: 'success', pressure: 'none', durationMs: 1, pauseMs: undefined };

export const basePolicy: LimiterPolicy = {
  mayCall: true,
  concurrency: { floor: 1, initial: 2, ceiling: 2 },
  callsPerSecond: undefined,
  circuit: {
    failing: { failuresToOpen: 3, pauseMs: 1_000, maxPauseMs: 4_000 },
    halted: { failuresToOpen: 1, pauseMs: 5_000, maxPauseMs: 60_000 },
  },
  bulk: undefined,
};

export interface LimitersOptions {
  readonly policy?: Partial<LimiterPolicy>;
  /** Of all connectors. */
  readonly ceiling?: number;
  readonly onCall?: (limiter: ConnectorLimiter<Item>, items: readonly Item[]) => void;
}

/** Calls are named by their items. */
export function createLimiters({ policy = {}, ceiling = 100, onCall = () => undefined }: LimitersOptions = {}) {
  const clock = createManualClock();
  const bulkhead = new Bulkhead(ceiling);
  const calls: string[] = [];
  const limiterOf = (id: string) =>
    new ConnectorLimiter<Item>({
      connectorId: id,
      policy: { ...basePolicy, ...policy },
      bulkhead,
      clock,
      random: () => 0.5,
      signal: new AbortController().signal,
      call: (limiter, items) => {
        for (const item of items) item.isWaiting = false;
        calls.push(items.map(({ name }) => name).join('+'));
        onCall(limiter, items);
      },
      onCircuit: () => undefined,
    });
  const limiter = limiterOf('acme');
  const endOf = (ended: ConnectorLimiter<Item>, result: CallResult) => {
    ended.ended(result);
    ended.pump();
    bulkhead.serveNext();
  };
  return {
    clock,
    bulkhead,
    calls,
    limiter,
    limiterOf,
    submit: (...names: string[]) => {
      for (const name of names) limiter.submit(new Item(name));
    },
    replay: (...names: string[]) => {
      for (const name of names) limiter.submit(new Item(name, 100, true));
    },
    end: (result: CallResult) => endOf(limiter, result),
    endOf,
  };
}
