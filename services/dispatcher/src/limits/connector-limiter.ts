/**
 * What a connector's calls have to pass: its circuit, the pause that its API asked for, its concurrency and its rate. Commands wait here in
 * a line of their own, so a connector that cannot be served keeps nobody else waiting.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '@astrolabe/service-kit';
import {
  boundedConcurrency,
  concurrencyLimit,
  initialConcurrency,
  isRoundOver,
  nextConcurrency,
  restartedConcurrency,
  type Concurrency,
  type ConcurrencyPolicy,
  type ConcurrencyRound,
} from '../core/adaptive-concurrency.ts';
import { freshRate, takeCall, type CallRate } from '../core/call-rate.ts';
import { closedCircuit, nextCircuit, type Circuit, type CircuitEvent, type CircuitPolicy } from '../core/circuit.ts';
import { GateLine, type GateItem } from './wait-queue.ts';
import type { SharedSlots } from './bulkhead.ts';

export interface BulkPolicy {
  readonly maxCommands: number;
  readonly maxBytes: number;
  /** How long a command waits for others to share its call. */
  readonly lingerMs: number;
}

export interface GatePolicy {
  readonly concurrency: ConcurrencyPolicy;
  /** 0 is unlimited. */
  readonly callsPerSecond: number;
  readonly failing: CircuitPolicy;
  readonly halted: CircuitPolicy;
  /** Undefined: a call for each command. */
  readonly bulk: BulkPolicy | undefined;
}

export interface GateOptions<Item extends GateItem> {
  readonly id: string;
  /** To begin with. */
  readonly policy: GatePolicy;
  readonly slots: SharedSlots;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Makes a call for the items, which ends with `ended`. More than one only where bulk calls are allowed. */
  readonly send: (gate: ConnectorGate<Item>, items: readonly Item[]) => void;
  readonly onCircuit: (gate: ConnectorGate<Item>, before: Circuit) => void;
}

/** What a call came to, for the gate. */
export interface CallResult {
  readonly circuit: CircuitEvent;
  readonly pressure: ConcurrencyRound['pressure'];
  /** Undefined: its duration says nothing of the load. */
  readonly durationMs: number | undefined;
  /** The API asked to be left alone for so long. */
  readonly pauseMs: number | undefined;
}

/** Without an answer for so long, while calls are in flight, a connector may not have more of them. */
const STALL_MS = 2_000;
const STALL_ROUND_TRIPS = 8;
/** A pause that is worth mentioning to others. */
const LONG_PAUSE_MS = 1_000;

export class ConnectorGate<Item extends GateItem> {
  readonly id: string;
  readonly #options: GateOptions<Item>;
  readonly #line = new GateLine<Item>();
  #policy: GatePolicy;
  #bulk: BulkPolicy | undefined;
  #circuit: Circuit = closedCircuit;
  #concurrency: Concurrency;
  #rate: CallRate | undefined;
  #round = { sinceMs: 0, answers: 0, sumMs: 0, wasFull: false, pressure: 'none' as ConcurrencyRound['pressure'] };
  #inFlight = 0;
  #pausedUntilMs = 0;
  #lastAnswerMs = 0;
  #haltedMs = 0;
  #haltedSinceMs: number | undefined;
  #alarmAtMs: number | undefined;
  #pumping = false;

  constructor(options: GateOptions<Item>) {
    this.id = options.id;
    this.#options = options;
    this.#policy = options.policy;
    this.#bulk = options.policy.bulk;
    this.#concurrency = initialConcurrency(options.policy.concurrency, options.clock.monotonicMs());
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get queued(): number {
    return this.#line.size;
  }

  get limit(): number {
    return concurrencyLimit(this.#concurrency, this.#policy.concurrency);
  }

  get circuit(): Circuit {
    return this.#circuit;
  }

  /** How long the key of the connector has been refused, all in all. */
  haltedMs(nowMs: number): number {
    return this.#haltedMs + (this.#haltedSinceMs === undefined ? 0 : nowMs - this.#haltedSinceMs);
  }

  /** Nothing can be done for the connector for the time being. */
  isBlocked(): boolean {
    if (this.#circuit.kind !== 'closed') return true;
    const nowMs = this.#options.clock.monotonicMs();
    return this.#pausedUntilMs - nowMs > LONG_PAUSE_MS || this.#isStalled(nowMs);
  }

  /** To the end of the line; `again`: ahead of those that have not been called for. */
  offer(item: Item, again = false): void {
    this.#line.add(item, again, this.#options.clock.monotonicMs());
    if (this.#inFlight < this.limit) this.pump();
    else this.#round.wasFull = true;
  }

  /** The item leaves the line; it must not be `isWaiting` any more. */
  withdraw(): void {
    this.#line.withdraw();
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

  /** Follows another policy from the next call on. What was learnt of the API stays, as far as the policy lets it. */
  adopt(policy: GatePolicy): void {
    if (isDeepStrictEqual(policy, this.#policy)) return;
    if (!isDeepStrictEqual(policy.bulk, this.#policy.bulk)) this.#bulk = policy.bulk;
    this.#policy = policy;
    this.#concurrency = boundedConcurrency(this.#concurrency, policy.concurrency);
    this.pump();
  }

  /** Something of the connector has changed: a probe that would come later comes now. */
  hurry(): void {
    if (this.#circuit.kind !== 'open') return;
    this.#circuit = { ...this.#circuit, untilMs: this.#options.clock.monotonicMs() };
    this.pump();
  }

  /** A call has ended. `pump` is to be called when its items are settled. */
  ended(result: CallResult): void {
    const { clock, slots } = this.#options;
    const policy = this.#policy;
    const nowMs = clock.monotonicMs();
    this.#inFlight -= 1;
    slots.give();
    if (result.durationMs !== undefined || result.pressure === 'throttled') this.#lastAnswerMs = nowMs;
    if (result.pauseMs !== undefined) this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + result.pauseMs);
    const before = this.#circuit;
    this.#step(result.circuit, nowMs);
    if (before.kind === 'probing' && this.#circuit.kind === 'closed') {
      this.#concurrency = restartedConcurrency(this.#concurrency, policy.concurrency, nowMs);
    }
    const round = this.#round;
    if (result.pressure !== 'none' && round.pressure !== 'timeout') round.pressure = result.pressure;
    if (result.durationMs !== undefined || result.pressure !== 'none') {
      round.answers += 1;
      round.sumMs += result.durationMs ?? 0;
    }
    const meanMs = round.answers === 0 ? 0 : round.sumMs / round.answers;
    if (!isRoundOver(round.answers, meanMs, nowMs - round.sinceMs)) return;
    const { answers, wasFull, pressure } = round;
    this.#concurrency = nextConcurrency(
      this.#concurrency,
      { answers, meanMs, wasFull, pressure },
      policy.concurrency,
      nowMs,
    );
    this.#round = { sinceMs: nowMs, answers: 0, sumMs: 0, wasFull: false, pressure: 'none' };
  }

  /** Makes the calls that may be made now. */
  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (this.#line.size > 0 && this.#mayCall(this.#options.clock.monotonicMs()));
    } finally {
      this.#pumping = false;
    }
  }

  #mayCall(nowMs: number): boolean {
    const { slots } = this.#options;
    const policy = this.#policy;
    if (nowMs < this.#pausedUntilMs) return this.#wait(this.#pausedUntilMs);
    const isProbe = this.#circuit.kind === 'open';
    if (this.#circuit.kind === 'probing') return false;
    if (this.#circuit.kind === 'open' && nowMs < this.#circuit.untilMs) return this.#wait(this.#circuit.untilMs);
    const { floor } = policy.concurrency;
    const limit = this.#isStalled(nowMs) ? floor : this.limit;
    if (this.#inFlight >= limit && !isProbe) {
      this.#round.wasFull = true;
      return false;
    }
    const bulk = isProbe ? undefined : this.#bulk;
    if (bulk !== undefined && this.#line.size < bulk.maxCommands) {
      const lingeredUntilMs = this.#line.firstSinceMs(nowMs) + bulk.lingerMs;
      if (nowMs < lingeredUntilMs) return this.#wait(lingeredUntilMs);
    }
    if (!slots.mayTake(this.#inFlight, floor)) {
      slots.wait(this);
      return false;
    }
    if (policy.callsPerSecond > 0) {
      const decision = takeCall((this.#rate ??= freshRate(policy.callsPerSecond, nowMs)), policy.callsPerSecond, nowMs);
      if (decision.kind === 'wait') return this.#wait(nowMs + decision.waitMs);
      this.#rate = decision.rate;
    }
    const items = this.#line.take(bulk?.maxCommands ?? 1, bulk?.maxBytes ?? Infinity);
    if (items.length === 0) return false;
    if (isProbe) this.#step('probe', nowMs);
    if (this.#inFlight === 0) this.#lastAnswerMs = nowMs;
    this.#inFlight += 1;
    slots.take();
    this.#options.send(this, items);
    return true;
  }

  #isStalled(nowMs: number): boolean {
    if (this.#inFlight === 0) return false;
    const allowedMs = Math.max(STALL_MS, STALL_ROUND_TRIPS * (this.#concurrency.baselineMs ?? 0));
    return nowMs - this.#lastAnswerMs > allowedMs;
  }

  #step(event: CircuitEvent, nowMs: number): void {
    const before = this.#circuit;
    const isHalt = event === 'refusal' || (before.kind === 'probing' && before.cause === 'halted');
    const { random, onCircuit } = this.#options;
    const policy = this.#policy;
    const next = nextCircuit(before, event, isHalt ? policy.halted : policy.failing, nowMs, random());
    if (next === before) return;
    this.#circuit = next;
    const isHalted = next.kind !== 'closed' && next.cause === 'halted';
    if (isHalted) this.#haltedSinceMs ??= nowMs;
    else if (this.#haltedSinceMs !== undefined) {
      this.#haltedMs += nowMs - this.#haltedSinceMs;
      this.#haltedSinceMs = undefined;
    }
    if (next.kind !== before.kind) onCircuit(this, before);
  }

  /** Comes back at a time. Always false, for `#mayCall`. */
  #wait(untilMs: number): false {
    if (this.#alarmAtMs !== undefined && this.#alarmAtMs <= untilMs) return false;
    const { clock, signal } = this.#options;
    this.#alarmAtMs = untilMs;
    clock.sleep(untilMs - clock.monotonicMs(), signal).then(
      () => {
        if (this.#alarmAtMs !== untilMs) return;
        this.#alarmAtMs = undefined;
        this.pump();
      },
      () => undefined,
    );
    return false;
  }
}
