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
import type { CallResult } from '../core/call-result.ts';

/** Without an answer for so long, while calls are in flight, a connector may not have more of them. */
const STALL_MS = 2_000;
const STALL_ROUND_TRIPS = 8;

/** A round of measuring the API, of about a round trip. */
interface Round {
  readonly sinceMs: number;
  answers: number;
  sumMs: number;
  wasFull: boolean;
  pressure: ConcurrencyRound['pressure'];
}

/** A connector's calls in flight: how many there are, and how many its API takes. Times are of the monotonic clock. */
export class InFlightCalls {
  #policy: ConcurrencyPolicy;
  #concurrency: Concurrency;
  #round: Round;
  #count = 0;
  #lastAnswerMs = 0;

  constructor(policy: ConcurrencyPolicy, nowMs: number) {
    this.#policy = policy;
    this.#concurrency = initialConcurrency(policy, nowMs);
    this.#round = newRound(0);
  }

  get count(): number {
    return this.#count;
  }

  /** As many as the API's latency allows. */
  get limit(): number {
    return concurrencyLimit(this.#concurrency, this.#policy);
  }

  get floor(): number {
    return this.#policy.floor;
  }

  /** Calls are in flight, and none is answered. */
  isStalled(nowMs: number): boolean {
    if (this.#count === 0) return false;
    const allowedMs = Math.max(STALL_MS, STALL_ROUND_TRIPS * (this.#concurrency.baselineMs ?? 0));
    return nowMs - this.#lastAnswerMs > allowedMs;
  }

  hasRoom(nowMs: number): boolean {
    return this.#count < (this.isStalled(nowMs) ? this.floor : this.limit);
  }

  /** Likewise for a call that half of the limit is kept free of, or all but one where that is less. */
  hasRoomBeside(nowMs: number): boolean {
    return this.#count < Math.max(1, Math.floor(this.limit / 2)) && !this.isStalled(nowMs);
  }

  /** A command had to wait because all calls that the limit allows are in flight: more would be used. */
  noteFull(): void {
    this.#round.wasFull = true;
  }

  begin(nowMs: number): void {
    if (this.#count === 0) this.#lastAnswerMs = nowMs;
    this.#count += 1;
  }

  end({ durationMs, pressure }: CallResult, nowMs: number): void {
    if (this.#count === 0) throw new Error('more calls of a connector have ended than were made');
    this.#count -= 1;
    if (durationMs !== undefined || pressure === 'throttled') this.#lastAnswerMs = nowMs;
  }

  /** To be called after `end`, and after `restart` where the call was a probe that succeeded. */
  measure({ durationMs, pressure }: CallResult, nowMs: number): void {
    const round = this.#round;
    if (pressure !== 'none' && round.pressure !== 'timeout') round.pressure = pressure;
    if (durationMs !== undefined || pressure !== 'none') {
      round.answers += 1;
      round.sumMs += durationMs ?? 0;
    }
    const meanMs = round.answers === 0 ? 0 : round.sumMs / round.answers;
    if (!isRoundOver(round.answers, meanMs, nowMs - round.sinceMs)) return;
    const { answers, wasFull } = round;
    const seen = { answers, meanMs, wasFull, pressure: round.pressure };
    this.#concurrency = nextConcurrency(this.#concurrency, seen, this.#policy, nowMs);
    this.#round = newRound(nowMs);
  }

  /** The API works again: from the floor, and quickly up. */
  restart(nowMs: number): void {
    this.#concurrency = restartedConcurrency(this.#concurrency, this.#policy, nowMs);
  }

  /** What was learnt of the API is kept, as far as the policy allows it. */
  adopt(policy: ConcurrencyPolicy): void {
    this.#policy = policy;
    this.#concurrency = boundedConcurrency(this.#concurrency, policy);
  }
}

function newRound(nowMs: number): Round {
  return { sinceMs: nowMs, answers: 0, sumMs: 0, wasFull: false, pressure: 'none' };
}
