/**
 * Decides when a connector's next call may be made: this instance's share of its limits, its circuit, the pause that
 * its API asked for, its calls in flight, the bulkhead and its rate must all agree. What waits for that has a queue of
 * its own, so a connector that cannot be served keeps no other one waiting.
 *
 * Items of a replay have what live ones leave: they are called for only while no live item waits for more than others
 * to share its call, and while live items come they leave room for the next.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '@astrolabe/service-kit/clock';
import type { CallResult } from '../core/call-result.ts';
import { freshRate, rateReserve, takeCall, type CallRate } from '../core/call-rate.ts';
import type { Circuit } from '../core/circuit.ts';
import { WayGiven } from '../core/way-given.ts';
import {
  CALL,
  PROBE,
  WAIT_FOR_ANSWER,
  WAIT_FOR_ROOM,
  WAIT_FOR_SHARE,
  type Admission,
  type CallClass,
} from './admission.ts';
import { Alarm } from './alarm.ts';
import type { Bulkhead } from './bulkhead.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { InFlightCalls } from './in-flight-calls.ts';
import type { QueuedItem } from './item-line.ts';
import type { BulkPolicy, LimiterPolicy } from './limiter-policy.ts';
import { WaitQueue } from './wait-queue.ts';

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

/** A pause that is worth mentioning to others. */
const LONG_PAUSE_MS = 1_000;
/** For so long after a live item, room is kept for the next. */
const LIVE_LATELY_MS = 1_000;

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
  #lastLiveMs = -Infinity;
  readonly #wayGiven = new WayGiven();

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

  /** How long replayed items have waited for live ones, all in all. */
  wayGivenMs(nowMs: number): number {
    return this.#wayGiven.totalMs(nowMs);
  }

  submit(item: Item): void {
    const nowMs = this.#options.clock.monotonicMs();
    this.#queue.add(item, nowMs);
    this.#pumpUnlessFull(item, nowMs);
  }

  /** After a pause or a halt: ahead of the items of its class that were never called for. */
  resubmit(item: Item): void {
    const nowMs = this.#options.clock.monotonicMs();
    this.#queue.addRetried(item, nowMs);
    this.#pumpUnlessFull(item, nowMs);
  }

  /** An item of the queue `isWaiting` no longer. */
  cancelled(item: Item): void {
    this.#queue.cancelled(item);
    if (this.#queue.replayedSize === 0) this.#wayGiven.end(this.#options.clock.monotonicMs());
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

  #pumpUnlessFull({ isReplayed }: Item, nowMs: number): void {
    if (!isReplayed) this.#lastLiveMs = nowMs;
    if (this.#calls.count < this.#calls.limit) this.pump();
    else if (!isReplayed) this.#calls.noteFull();
  }

  /** False where the next call has to wait. */
  #callNext(): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#queue.liveSize > 0) {
      const admission = this.#admit('live', nowMs);
      if (this.#follow(admission, 'live', nowMs)) return true;
      if (admission.kind !== 'linger') {
        if (this.#queue.replayedSize > 0) this.#wayGiven.begin(nowMs);
        return false;
      }
    }
    return this.#queue.replayedSize > 0 && this.#follow(this.#admit('replayed', nowMs), 'replayed', nowMs);
  }

  /** Makes the call, or sees to it that it is made when what it waits for has come. */
  #follow(admission: Admission, callClass: CallClass, nowMs: number): boolean {
    switch (admission.kind) {
      case 'call':
      case 'probe':
        this.#call(admission.kind, callClass, nowMs);
        return true;
      case 'wait-for-answer':
      case 'wait-for-share':
        return false;
      case 'wait-for-room':
        this.#options.bulkhead.waitForRoom(this, callClass);
        return false;
      case 'linger':
      case 'wait-until':
        this.#alarm.setFor(admission.atMs);
        return false;
    }
  }

  /** Takes a token of the rate where the answer is a call. */
  #admit(callClass: CallClass, nowMs: number): Admission {
    const { circuit } = this.#breaker;
    if (!this.#policy.mayCall) return WAIT_FOR_SHARE;
    if (nowMs < this.#pausedUntilMs) return { kind: 'wait-until', atMs: this.#pausedUntilMs };
    if (circuit.kind === 'probing') return WAIT_FOR_ANSWER;
    const isProbe = circuit.kind === 'open';
    if (isProbe && nowMs < circuit.untilMs) return { kind: 'wait-until', atMs: circuit.untilMs };
    if (!isProbe) {
      if (!this.#hasRoom(callClass, nowMs)) return WAIT_FOR_ANSWER;
      const lingeredUntilMs = this.#lingeredUntilMs(callClass, nowMs);
      if (nowMs < lingeredUntilMs) return { kind: 'linger', atMs: lingeredUntilMs };
    }
    if (!this.#options.bulkhead.hasRoom(this.#calls.count, this.#calls.floor, callClass)) return WAIT_FOR_ROOM;
    const waitMs = this.#takeToken(callClass, nowMs);
    if (waitMs > 0) return { kind: 'wait-until', atMs: nowMs + waitMs };
    return isProbe ? PROBE : CALL;
  }

  #hasRoom(callClass: CallClass, nowMs: number): boolean {
    if (callClass === 'live' || !this.#isLiveLately(nowMs)) {
      const hasRoom = this.#calls.hasRoom(nowMs);
      if (!hasRoom) this.#calls.noteFull();
      return hasRoom;
    }
    // Full of replayed calls, the limit would rise for their sake, and live ones wait in the API's queue.
    const hasRoom = this.#calls.hasRoomBeside(nowMs);
    if (!hasRoom) this.#wayGiven.begin(nowMs);
    return hasRoom;
  }

  #isLiveLately(nowMs: number): boolean {
    return nowMs - this.#lastLiveMs < LIVE_LATELY_MS;
  }

  /** Until when the first command waits for others of its class to share its call. */
  #lingeredUntilMs(callClass: CallClass, nowMs: number): number {
    const size = callClass === 'live' ? this.#queue.liveSize : this.#queue.replayedSize;
    if (this.#bulk === undefined || size >= this.#bulk.maxCommands) return nowMs;
    const sinceMs = callClass === 'live' ? this.#queue.liveSinceMs(nowMs) : this.#queue.replayedSinceMs(nowMs);
    return sinceMs + this.#bulk.lingerMs;
  }

  /** How long to wait for the rate; 0 where the call may be made, and is counted. */
  #takeToken(callClass: CallClass, nowMs: number): number {
    const { callsPerSecond } = this.#policy;
    if (callsPerSecond === undefined) return 0;
    const isToSpare = callClass === 'replayed' && this.#isLiveLately(nowMs);
    const reserve = isToSpare ? rateReserve(callsPerSecond) : 0;
    const decision = takeCall((this.#rate ??= freshRate(callsPerSecond, nowMs)), callsPerSecond, nowMs, reserve);
    if (decision.kind === 'wait') {
      if (reserve > 0) this.#wayGiven.begin(nowMs);
      return decision.waitMs;
    }
    this.#rate = decision.rate;
    return 0;
  }

  #call(kind: 'call' | 'probe', callClass: CallClass, nowMs: number): void {
    const items = this.#take(callClass, kind === 'probe' ? undefined : this.#bulk);
    if (items.length === 0) throw new Error(`connector ${this.connectorId}: the queue counts items that do not wait`);
    if (callClass === 'replayed' || this.#queue.replayedSize === 0) this.#wayGiven.end(nowMs);
    if (kind === 'probe') this.#breaker.step('probe', nowMs);
    this.#calls.begin(nowMs);
    this.#options.bulkhead.enter();
    this.#options.call(this, items);
  }

  #take(callClass: CallClass, bulk: BulkPolicy | undefined): readonly Item[] {
    const { maxCommands, maxBytes } = bulk ?? { maxCommands: 1, maxBytes: Infinity };
    if (callClass === 'replayed') return this.#queue.takeReplayed(maxCommands, maxBytes);
    // Replayed items make the call slower: they share it only where calls are what is scarce.
    return this.#queue.takeLive(maxCommands, maxBytes, this.#policy.callsPerSecond !== undefined);
  }
}
