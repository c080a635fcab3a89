/**
 * Decides when a connector's next call may be made: this instance's share of its limits, its circuit, the pause that
 * its API asked for, its calls in flight, the bulkhead and its rate must all agree. What waits for that has a queue of
 * its own, so a connector that cannot be served keeps no other one waiting.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '@astrolabe/service-kit/clock';
import type { CallResult } from '../core/call-result.ts';
import { freshRate, takeCall, type CallRate } from '../core/call-rate.ts';
import type { Circuit } from '../core/circuit.ts';
import { Alarm } from './alarm.ts';
import type { Bulkhead } from './bulkhead.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { InFlightCalls } from './in-flight-calls.ts';
import type { BulkPolicy, LimiterPolicy } from './limiter-policy.ts';
import { WaitQueue, type QueuedItem } from './wait-queue.ts';

export interface LimiterOptions<Item extends QueuedItem> {
  readonly connectorId: string;
  /** To begin with. */
  readonly policy: LimiterPolicy;
  readonly bulkhead: Bulkhead;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /**
   * Makes a call for the items; `ended` is to be called when it ends. More than one item only where bulk calls are
   * allowed.
   */
  readonly call: (limiter: ConnectorLimiter<Item>, items: readonly Item[]) => void;
  readonly onCircuit: (connectorId: string, before: Circuit, after: Circuit) => void;
}

/** Whether the next call may be made, and if not, what it waits for. */
type Admission =
  | { readonly kind: 'call' | 'probe' }
  /** An answer of this connector's own calls. */
  | { readonly kind: 'wait-for-answer' }
  /** The end of any connector's call. */
  | { readonly kind: 'wait-for-room' }
  /** Another policy: this instance has no share of the connector's limits. */
  | { readonly kind: 'wait-for-share' }
  | { readonly kind: 'wait-until'; readonly atMs: number };

const CALL: Admission = { kind: 'call' };
const PROBE: Admission = { kind: 'probe' };
const WAIT_FOR_ANSWER: Admission = { kind: 'wait-for-answer' };
const WAIT_FOR_ROOM: Admission = { kind: 'wait-for-room' };
const WAIT_FOR_SHARE: Admission = { kind: 'wait-for-share' };

/** A pause that is worth mentioning to others. */
const LONG_PAUSE_MS = 1_000;

export class ConnectorLimiter<Item extends QueuedItem> {
  readonly connectorId: string;
  readonly #options: LimiterOptions<Item>;
  readonly #queue = new WaitQueue<Item>();
  readonly #breaker: CircuitBreaker;
  readonly #calls: InFlightCalls;
  readonly #alarm: Alarm;
  #policy: LimiterPolicy;
  /** As the policy has it, less what the API has refused. */
  #bulk: BulkPolicy | undefined;
  #rate: CallRate | undefined;
  #pausedUntilMs = 0;
  #isPumping = false;

  constructor(options: LimiterOptions<Item>) {
    const { connectorId, policy, clock, signal, random, onCircuit } = options;
    this.connectorId = connectorId;
    this.#options = options;
    this.#policy = policy;
    this.#bulk = policy.bulk;
    this.#calls = new InFlightCalls(policy.concurrency, clock.monotonicMs());
    this.#alarm = new Alarm({ clock, signal, onRing: () => this.pump() });
    this.#breaker = new CircuitBreaker({
      policies: policy.circuit,
      random,
      onChange: (before, after) => onCircuit(connectorId, before, after),
    });
  }

  get inFlight(): number {
    return this.#calls.count;
  }

  get maxInFlight(): number {
    return this.#calls.limit;
  }

  get queued(): number {
    return this.#queue.size;
  }

  get circuit(): Circuit {
    return this.#breaker.circuit;
  }

  /** How long the connector's key has been refused, all in all. */
  haltedMs(nowMs: number): number {
    return this.#breaker.haltedMs(nowMs);
  }

  /** Nothing can be done for the connector for the time being. */
  isBlocked(): boolean {
    if (this.#breaker.circuit.kind !== 'closed') return true;
    const nowMs = this.#options.clock.monotonicMs();
    return this.#pausedUntilMs - nowMs > LONG_PAUSE_MS || this.#calls.isStalled(nowMs);
  }

  submit(item: Item): void {
    this.#queue.add(item, this.#options.clock.monotonicMs());
    this.#pumpUnlessFull();
  }

  /** After a pause or a halt: ahead of the items that were never called for. */
  resubmit(item: Item): void {
    this.#queue.addRetried(item, this.#options.clock.monotonicMs());
    this.#pumpUnlessFull();
  }

  /** An item of the queue `isWaiting` no longer. */
  cancelled(): void {
    this.#queue.cancelled();
  }

  /** Fewer commands in a call from here on: the API said that there were too many. */
  shrinkBulk(): void {
    if (this.#bulk === undefined) return;
    this.#bulk = { ...this.#bulk, maxBytes: Math.max(1, Math.floor(this.#bulk.maxBytes / 2)) };
  }

  /** The API does not offer bulk calls. */
  endBulk(): void {
    this.#bulk = undefined;
  }

  /** Follows another policy from the next call on. */
  adopt(policy: LimiterPolicy): void {
    if (isDeepStrictEqual(policy, this.#policy)) return;
    if (!isDeepStrictEqual(policy.bulk, this.#policy.bulk)) this.#bulk = policy.bulk;
    this.#policy = policy;
    this.#calls.adopt(policy.concurrency);
    this.#breaker.adopt(policy.circuit);
    this.pump();
  }

  /** Something of the connector has changed: a probe that would come later comes now. */
  probeNow(): void {
    if (this.#breaker.probeNow(this.#options.clock.monotonicMs())) this.pump();
  }

  /** A call has ended. `pump` is to be called when its items are settled. */
  ended(result: CallResult): void {
    const { clock, bulkhead } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#calls.end(result, nowMs);
    bulkhead.leave();
    if (result.pauseMs !== undefined) this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + result.pauseMs);
    const before = this.#breaker.circuit;
    const after = this.#breaker.step(result.circuit, nowMs);
    if (before.kind === 'probing' && after.kind === 'closed') this.#calls.restart(nowMs);
    this.#calls.measure(result, nowMs);
  }

  /** Makes the calls that may be made now. */
  pump(): void {
    // A call that settles within `call` pumps again: the loop that is under way sees to it.
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      while (this.#queue.size > 0 && this.#callNext());
    } finally {
      this.#isPumping = false;
    }
  }

  #pumpUnlessFull(): void {
    if (this.#calls.count < this.#calls.limit) this.pump();
    else this.#calls.noteFull();
  }

  /** False where the next call has to wait. */
  #callNext(): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    const admission = this.#admit(nowMs);
    switch (admission.kind) {
      case 'call':
      case 'probe':
        this.#call(admission.kind, nowMs);
        return true;
      case 'wait-for-answer':
      case 'wait-for-share':
        return false;
      case 'wait-for-room':
        this.#options.bulkhead.waitForRoom(this);
        return false;
      case 'wait-until':
        this.#alarm.setFor(admission.atMs);
        return false;
    }
  }

  /** Takes a token of the rate where the answer is a call. */
  #admit(nowMs: number): Admission {
    const { bulkhead } = this.#options;
    const { circuit } = this.#breaker;
    if (!this.#policy.mayCall) return WAIT_FOR_SHARE;
    if (nowMs < this.#pausedUntilMs) return { kind: 'wait-until', atMs: this.#pausedUntilMs };
    if (circuit.kind === 'probing') return WAIT_FOR_ANSWER;
    const isProbe = circuit.kind === 'open';
    if (isProbe && nowMs < circuit.untilMs) return { kind: 'wait-until', atMs: circuit.untilMs };
    if (!isProbe && !this.#calls.hasRoom(nowMs)) {
      this.#calls.noteFull();
      return WAIT_FOR_ANSWER;
    }
    const lingeredUntilMs = isProbe ? nowMs : this.#lingeredUntilMs(nowMs);
    if (nowMs < lingeredUntilMs) return { kind: 'wait-until', atMs: lingeredUntilMs };
    if (!bulkhead.hasRoom(this.#calls.count, this.#calls.floor)) return WAIT_FOR_ROOM;
    const waitMs = this.#takeToken(nowMs);
    if (waitMs > 0) return { kind: 'wait-until', atMs: nowMs + waitMs };
    return isProbe ? PROBE : CALL;
  }

  /** Until when the first command waits for others to share its call. */
  #lingeredUntilMs(nowMs: number): number {
    if (this.#bulk === undefined || this.#queue.size >= this.#bulk.maxCommands) return nowMs;
    return this.#queue.firstSinceMs(nowMs) + this.#bulk.lingerMs;
  }

  /** How long to wait for the rate; 0 where the call may be made, and is counted. */
  #takeToken(nowMs: number): number {
    const { callsPerSecond } = this.#policy;
    if (callsPerSecond === undefined) return 0;
    const decision = takeCall((this.#rate ??= freshRate(callsPerSecond, nowMs)), callsPerSecond, nowMs);
    if (decision.kind === 'wait') return decision.waitMs;
    this.#rate = decision.rate;
    return 0;
  }

  #call(kind: 'call' | 'probe', nowMs: number): void {
    const bulk = kind === 'probe' ? undefined : this.#bulk;
    const items = this.#queue.take(bulk?.maxCommands ?? 1, bulk?.maxBytes ?? Infinity);
    if (items.length === 0) throw new Error(`connector ${this.connectorId}: the queue counts items that do not wait`);
    if (kind === 'probe') this.#breaker.step('probe', nowMs);
    this.#calls.begin(nowMs);
    this.#options.bulkhead.enter();
    this.#options.call(this, items);
  }
}
