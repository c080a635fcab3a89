/**
 * What a connector may send before it has to wait, so that one customer's flood is that customer's alone. The limit is of this
 * process: with several instances behind a load balancer each lets as much through.
 */
import type { Connector, ConnectorDirectory, RateLimit } from '@astrolabe/service-kit';
import { refusedAnswer, type Answer } from './core/answer.ts';
import { keysInAuthorization } from './core/credentials.ts';
import { fullBucket, takeEvents, toRetryAfterSeconds, type TokenBucket } from './core/token-bucket.ts';

export interface Fairness {
  /** Takes the events from the connector's limit: undefined, or the answer to a request that exceeds it, of which nothing was taken. */
  admit(connector: Connector, events: number): Answer | undefined;
  /**
   * The answer to a request that comes before a refused one of the same connector could be repeated, by the key in its header: a flood
   * is not worth parsing. Undefined where there is none, or nothing in the header tells.
   */
  refuseUnparsed(
    directory: Pick<ConnectorDirectory, 'byKey'>,
    authorization: string | undefined,
  ): { readonly answer: Answer; readonly connectorId: string } | undefined;
}

export interface FairnessOptions {
  /** Of connectors without a `rateLimit` of their own. */
  readonly defaultLimit: RateLimit;
  readonly nowMs: () => number;
}

interface Refusal {
  readonly untilMs: number;
  /** The limit that it was refused by, and when: a new one, or a clock that was set back, ends it. */
  readonly limit: RateLimit;
  readonly sinceMs: number;
}

export function createFairness({ defaultLimit, nowMs }: FairnessOptions): Fairness {
  // One small entry for each connector that has sent since the start; connectors come and go by hand.
  const buckets = new Map<string, TokenBucket>();
  const refusals = new Map<string, Refusal>();
  const limitOf = (connector: Connector) => connector.rateLimit ?? defaultLimit;

  const isOver = ({ untilMs, sinceMs, limit }: Refusal, connector: Connector, atMs: number): boolean => {
    const { eventsPerSecond, burst } = limitOf(connector);
    const isSameLimit = limit.eventsPerSecond === eventsPerSecond && limit.burst === burst;
    return atMs >= untilMs || atMs < sinceMs || !isSameLimit;
  };

  return {
    admit(connector, events) {
      const limit = limitOf(connector);
      if (limit.eventsPerSecond === 0) return undefined;
      const atMs = nowMs();
      const taking = takeEvents(buckets.get(connector.id) ?? fullBucket(limit, atMs), Math.max(1, events), limit, atMs);
      buckets.set(connector.id, taking.bucket);
      if (taking.kind === 'taken') return undefined;
      refusals.set(connector.id, { untilMs: atMs + taking.waitMs, sinceMs: atMs, limit });
      return limited(connector, limit, taking.waitMs);
    },

    refuseUnparsed(directory, authorization) {
      // Nobody pays for looking up the key while nobody exceeds a limit.
      if (refusals.size === 0) return undefined;
      for (const key of keysInAuthorization(authorization)) {
        const connector = directory.byKey(key);
        const refusal = connector?.enabled ? refusals.get(connector.id) : undefined;
        if (connector === undefined || refusal === undefined) continue;
        const atMs = nowMs();
        if (isOver(refusal, connector, atMs)) {
          refusals.delete(connector.id);
          continue;
        }
        return { answer: limited(connector, refusal.limit, refusal.untilMs - atMs), connectorId: connector.id };
      }
      return undefined;
    },
  };
}

function limited({ id }: Connector, { eventsPerSecond, burst }: RateLimit, waitMs: number): Answer {
  const seconds = toRetryAfterSeconds(waitMs);
  const message = `connector ${id} may send ${eventsPerSecond} events a second, ${burst} at once, and has sent more; send the request again after ${seconds} s`;
  return refusedAnswer(429, 'ingest.rate-limited', message, seconds);
}
