/**
 * Limits what a sender may cost before it has to wait, so that a flood affects only the customer, and the key, that
 * sends it. A connector has a limit of events, of inflated bytes and of work, each shared by its keys
 * (`core/token-bucket.ts`); a client without a valid key has a limit of work.
 *
 * Instances know nothing of each other. A connector's events are what its operator allows, so each instance lets its
 * part of them through; bytes and work protect the instance, and are whole for each.
 */
import type { Connector, RateLimit } from '@astrolabe/service-kit/connectors';
import { refusedAnswer, type Answer } from './core/request/answer.ts';
import { sharesOf, type KnownSender } from './core/sender/identify-sender.ts';
import { SharedBucket, toRetryAfterSeconds, type Rate } from './core/limits/token-bucket.ts';

export interface Fairness {
  /**
   * The refusal of a request that arrives before a refused one of the same key may be retried, or while its key owes
   * work: a flood is not read, inflated or parsed. Undefined if the request may continue.
   */
  refuse(sender: KnownSender): Answer | undefined;
  /** Takes the bytes from the limit. Returns the refusal if they exceed it; then it takes nothing. */
  admitBytes(sender: KnownSender, bytes: number): Answer | undefined;
  /** The same for its events. */
  admitEvents(sender: KnownSender, events: number): Answer | undefined;
  /** Charges the time that reading and judging its body took on the shared thread. */
  chargeWork(sender: KnownSender, workMs: number): void;
  /** The refusal of a client that has cost too much without a valid key. */
  refuseClient(client: string): Answer | undefined;
  /** A request without a valid key: its work, and the bytes that were inflated for it. */
  chargeClient(client: string, workMs: number, inflatedBytes: number): void;
}

export interface FairnessOptions {
  /** Of connectors without a `rateLimit` of their own. */
  readonly defaultLimit: RateLimit;
  /** That share a connector's limit of events evenly; at least 1. */
  readonly instances: number;
  /** Inflated bytes that a connector may send in a second. 0 is unlimited. */
  readonly bytesPerSecond: number;
  /** Milliseconds of work that a connector may cost in a second. 0 is unlimited. */
  readonly workMsPerSecond: number;
  /** The same of a client without a valid key. 0 is unlimited. */
  readonly clientWorkMsPerSecond: number;
  readonly nowMs: () => number;
}

type Unit = 'events' | 'bytes' | 'work';

interface Limit {
  readonly connector: Connector;
  /** Undefined where it is unlimited. */
  readonly buckets: Readonly<Record<Unit, SharedBucket | undefined>>;
  /** Of all instances together, where they share it. */
  readonly rates: Readonly<Record<Unit, Rate | undefined>>;
  readonly instances: number;
  /** By share: when the refusal ends and when it began, so that a clock that is set back ends it. */
  readonly refusals: Map<string, { readonly untilMs: number; readonly sinceMs: number; readonly unit: Unit }>;
}

/** Senders send at once what they kept while they could not send. */
const BURST_SECONDS = 5;
/** Inflating is done by other threads, of which there are few. */
const WORK_MS_PER_INFLATED_MEGABYTE = 5;
/** Maximum clients that owe work. Beyond it, the one that has owed the longest is evicted. */
const MAX_CLIENTS = 10_000;
const ONLY_SHARE: ReadonlyMap<string, number> = new Map([['', 1]]);

export function createFairness(options: FairnessOptions): Fairness {
  const { defaultLimit, instances, bytesPerSecond, workMsPerSecond, clientWorkMsPerSecond, nowMs } = options;
  // One small entry for each connector that has sent since the start; only operators add connectors.
  const limits = new Map<string, Limit>();

  const ratesOf = (connector: Connector): Limit['rates'] => {
    const { eventsPerSecond, burst } = connector.rateLimit ?? defaultLimit;
    return {
      events: eventsPerSecond === 0 ? undefined : { perSecond: eventsPerSecond, burst },
      bytes: rateOf(bytesPerSecond),
      work: rateOf(workMsPerSecond),
    };
  };

  /** The connector's current limit. Reading the connectors file again creates new connector objects. */
  const limitOf = (connector: Connector): Limit => {
    const known = limits.get(connector.id);
    if (known?.connector === connector) return known;
    const rates = ratesOf(connector);
    const shares = sharesOf(connector);
    const atMs = nowMs();
    const bucketOf = (unit: Unit): SharedBucket | undefined => {
      const whole = rates[unit];
      if (whole === undefined) return undefined;
      const parts = unit === 'events' ? instances : 1;
      const rate = { perSecond: whole.perSecond / parts, burst: whole.burst / parts };
      const bucket = known?.buckets[unit] ?? new SharedBucket(rate, shares, atMs);
      bucket.adjust(rate, shares, atMs);
      return bucket;
    };
    const buckets = { events: bucketOf('events'), bytes: bucketOf('bytes'), work: bucketOf('work') };
    const limit = { connector, buckets, rates, instances, refusals: new Map() };
    limits.set(connector.id, limit);
    return limit;
  };

  const admit = (unit: Unit, { connector, share }: KnownSender, amount: number): Answer | undefined => {
    const limit = limitOf(connector);
    const atMs = nowMs();
    const taking = limit.buckets[unit]?.take(share, amount, atMs);
    if (taking?.kind !== 'refused') return undefined;
    limit.refusals.set(share, { untilMs: atMs + taking.waitMs, sinceMs: atMs, unit });
    return limited(limit, unit, taking.waitMs);
  };

  return {
    refuse({ connector, share }) {
      const limit = limitOf(connector);
      const refusal = limit.refusals.get(share);
      const atMs = nowMs();
      if (refusal !== undefined) {
        if (atMs < refusal.untilMs && atMs >= refusal.sinceMs)
          return limited(limit, refusal.unit, refusal.untilMs - atMs);
        limit.refusals.delete(share);
      }
      const debtMs = limit.buckets.work?.debtMs(share, atMs) ?? 0;
      return debtMs === 0 ? undefined : limited(limit, 'work', debtMs);
    },

    admitBytes: (sender, bytes) => admit('bytes', sender, bytes),
    admitEvents: (sender, events) => admit('events', sender, Math.max(1, events)),
    chargeWork: ({ connector, share }, workMs) => limitOf(connector).buckets.work?.charge(share, workMs, nowMs()),

    ...createClientLimits(rateOf(clientWorkMsPerSecond), nowMs),
  };
}

/** Clients without a valid key, which have a limit of work. `rate` undefined: none. */
function createClientLimits(
  rate: Rate | undefined,
  nowMs: () => number,
): Pick<Fairness, 'refuseClient' | 'chargeClient'> {
  const clients = new Map<string, SharedBucket>();
  return {
    refuseClient(client) {
      const bucket = clients.get(client);
      if (bucket === undefined) return undefined;
      const atMs = nowMs();
      const debtMs = bucket.debtMs('', atMs);
      if (debtMs > 0) return limitedClient(debtMs);
      if (bucket.isFull(atMs)) clients.delete(client);
      return undefined;
    },

    chargeClient(client, workMs, inflatedBytes) {
      if (rate === undefined) return;
      const atMs = nowMs();
      const bucket = clients.get(client) ?? new SharedBucket(rate, ONLY_SHARE, atMs);
      // Moved to the end, so that clients are in the order of their last request.
      clients.delete(client);
      clients.set(client, bucket);
      bucket.charge('', workMs + (inflatedBytes / 1e6) * WORK_MS_PER_INFLATED_MEGABYTE, atMs);
      if (clients.size > MAX_CLIENTS) {
        const [oldest] = clients.keys();
        if (oldest !== undefined) clients.delete(oldest);
      }
    },
  };
}

function rateOf(perSecond: number): Rate | undefined {
  return perSecond === 0 ? undefined : { perSecond, burst: perSecond * BURST_SECONDS };
}

const unitText: Readonly<Record<Unit, string>> = {
  events: 'send {perSecond} events a second, {burst} at once',
  bytes: 'send {perSecond} bytes a second, {burst} at once, counted after inflating',
  work: 'cost {perSecond} ms of work a second, {burst} ms at once',
};

function limited({ connector, rates, instances }: Limit, unit: Unit, waitMs: number): Answer {
  const seconds = toRetryAfterSeconds(waitMs);
  const { perSecond = 0, burst = 0 } = rates[unit] ?? {};
  const allowed = unitText[unit].replace('{perSecond}', String(perSecond)).replace('{burst}', String(burst));
  const divided = unit === 'events' && instances > 1 ? `, divided among ${instances} instances` : '';
  const whose = connector.writeKeys.length === 0 ? 'has' : 'this key has';
  const verb = unit === 'work' ? 'cost' : 'sent';
  const share = connector.writeKeys.length === 0 ? 'more' : 'more than its share of that';
  const message = `connector ${connector.id} may ${allowed}${divided}, and ${whose} ${verb} ${share}; send the request again after ${seconds} s`;
  return refusedAnswer(429, 'ingest.rate-limited', message, seconds);
}

function limitedClient(waitMs: number): Answer {
  const seconds = toRetryAfterSeconds(waitMs);
  const message = `too many requests without a valid key came from this address; check the key, and send again after ${seconds} s`;
  return refusedAnswer(429, 'ingest.rate-limited', message, seconds);
}
