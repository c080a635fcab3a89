/**
 * How many calls of a connector may be in flight: as many as its API takes without making them wait. Pure: what was
 * seen during about one round trip → the limit for the next.
 *
 * Additive increase, multiplicative decrease, once for each round trip, on answers' latency and on trouble, as Vector's
 * adaptive request concurrency does; a slow start and a comparison with the latency of the unloaded API, as in
 * Netflix's concurrency-limits. That latency is measured again every now and then under half of the load (BBR does
 * likewise), since a moving average would follow the queue that the limit itself causes.
 */

export interface ConcurrencyPolicy {
  readonly floor: number;
  readonly initial: number;
  readonly ceiling: number;
}

export interface Concurrency {
  /** Calls in flight at most; not whole. */
  readonly limit: number;
  /** Doubles while nothing speaks against it. */
  readonly isSlowStart: boolean;
  /** Latency without a queue, as far as it is known. */
  readonly baselineMs: number | undefined;
  /** When a latency near the baseline was last seen, by the monotonic clock. */
  readonly confirmedAtMs: number;
  /** Rounds left with half of the limit, to measure the baseline again. */
  readonly probeRounds: number;
}

/** What was seen during one round: about a round trip. */
export interface ConcurrencyRound {
  /** Answers, whatever they say, and their mean latency. */
  readonly answers: number;
  readonly meanMs: number;
  /** All that the limit allows was in flight at some time. */
  readonly wasFull: boolean;
  /** `throttled`: 429 or 503. `timeout`: an answer that did not come. */
  readonly pressure: 'none' | 'throttled' | 'timeout';
}

/**
 * A latency above this multiple of the baseline is a queue, and so is one above the baseline by more than what a busy
 * process does.
 */
const TOLERANCE = 1.5;
const TOLERANCE_MS = 10;
const NEAR = 1.1;
const DECREASE = 0.9;
const TIMEOUT_DECREASE = 0.5;
const REMEASURE_AFTER_MS = 10_000;
const PROBE_ROUNDS = 3;
const MIN_ROUND_ANSWERS = 8;
const MIN_ROUND_MS = 5;
const MAX_ROUND_MS = 2_000;

export function initialConcurrency({ initial }: ConcurrencyPolicy, nowMs: number): Concurrency {
  return { limit: initial, isSlowStart: true, baselineMs: undefined, confirmedAtMs: nowMs, probeRounds: 0 };
}

/** After trouble: from the floor, and quickly up again where it goes well. */
export function restartedConcurrency(state: Concurrency, { floor }: ConcurrencyPolicy, nowMs: number): Concurrency {
  return { ...state, limit: floor, isSlowStart: true, confirmedAtMs: nowMs, probeRounds: 0 };
}

/** Under another policy. */
export function boundedConcurrency(state: Concurrency, { floor, ceiling }: ConcurrencyPolicy): Concurrency {
  return { ...state, limit: Math.min(ceiling, Math.max(floor, state.limit)) };
}

/** Calls that may be in flight now. */
export function concurrencyLimit({ limit, probeRounds }: Concurrency, { floor }: ConcurrencyPolicy): number {
  return probeRounds > 0 ? Math.max(floor, Math.floor(limit / 2)) : Math.floor(limit);
}

/** Whether a round that began `elapsedMs` ago has seen enough. */
export function isRoundOver(answers: number, meanMs: number, elapsedMs: number): boolean {
  if (answers === 0) return false;
  return (
    (elapsedMs >= Math.max(MIN_ROUND_MS, meanMs) && answers >= MIN_ROUND_ANSWERS) ||
    elapsedMs >= Math.max(MAX_ROUND_MS, 2 * meanMs)
  );
}

export function nextConcurrency(
  state: Concurrency,
  round: ConcurrencyRound,
  policy: ConcurrencyPolicy,
  nowMs: number,
): Concurrency {
  const { floor, ceiling } = policy;
  const { limit } = state;
  if (round.pressure !== 'none') {
    const factor = round.pressure === 'timeout' ? TIMEOUT_DECREASE : DECREASE;
    return { ...state, limit: Math.max(floor, limit * factor), isSlowStart: false, probeRounds: 0 };
  }
  const { meanMs } = round;
  const baselineMs = nextBaseline(state, round, policy);
  const isNear = meanMs <= Math.max(baselineMs * NEAR, baselineMs + TOLERANCE_MS / 4);
  const confirmedAtMs = isNear ? nowMs : state.confirmedAtMs;
  const known = { ...state, baselineMs, confirmedAtMs };
  if (state.probeRounds > 0) {
    const probeRounds = state.probeRounds - 1;
    return { ...known, probeRounds, confirmedAtMs: probeRounds === 0 ? nowMs : confirmedAtMs };
  }
  if (meanMs > Math.max(baselineMs * TOLERANCE, baselineMs + TOLERANCE_MS)) {
    const lower = { ...known, limit: Math.max(floor, limit * DECREASE), isSlowStart: false };
    return nowMs - confirmedAtMs >= REMEASURE_AFTER_MS ? { ...lower, probeRounds: PROBE_ROUNDS } : lower;
  }
  if (nowMs - confirmedAtMs >= REMEASURE_AFTER_MS) return { ...known, probeRounds: PROBE_ROUNDS };
  if (!round.wasFull || limit >= ceiling) return known;
  return { ...known, limit: Math.min(ceiling, state.isSlowStart ? limit * 2 : limit + Math.sqrt(limit)) };
}

function nextBaseline(
  { baselineMs, limit, probeRounds }: Concurrency,
  { meanMs, wasFull }: ConcurrencyRound,
  { floor }: ConcurrencyPolicy,
): number {
  if (baselineMs === undefined) return meanMs;
  if (meanMs < baselineMs) return baselineMs + 0.3 * (meanMs - baselineMs);
  // Where our own calls cannot be what makes it slow, the API has become slower.
  const isOurQueue = wasFull && limit > floor && probeRounds !== 1;
  if (!isOurQueue) return baselineMs + 0.3 * (meanMs - baselineMs);
  return meanMs <= baselineMs * NEAR ? baselineMs + 0.05 * (meanMs - baselineMs) : baselineMs;
}
