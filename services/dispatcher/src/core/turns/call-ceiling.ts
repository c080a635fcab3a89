/**
 * How many calls of all connectors may be in flight while several connectors share the event loop. Each call ends with
 * an answer to read, and those that have come are all read in one turn of the loop. So the calls in flight decide how
 * long a turn gets, and a quiet connector's command waits for a turn or two before it is called for. Additive increase,
 * multiplicative decrease, on the mean of some turns: an API that answers slowly spreads its answers over many turns,
 * and keeps its calls. Pure.
 */

export interface CallCeiling {
  readonly calls: number;
  /** Of the turns since `calls` was last decided. */
  readonly turns: number;
  readonly sumMs: number;
}

export interface CeilingBounds {
  readonly min: number;
  readonly max: number;
}

/** A longer turn on average is too long, and a shorter one leaves room for more calls. */
export const LONG_TURN_MS = 2.5;
export const SHORT_TURN_MS = 1.5;
/** Few enough to follow a flood within some hundredths of a second, and too many for one pause of the collector. */
export const DECIDED_AFTER_TURNS = 8;
const DECREASE = 0.8;
const INCREASE = 4;

export function initialCeiling(max: number): CallCeiling {
  return { calls: max, turns: 0, sumMs: 0 };
}

/** After a turn of the loop in which commands were worked on. */
export function nextCeiling({ calls, turns, sumMs }: CallCeiling, turnMs: number, bounds: CeilingBounds): CallCeiling {
  const seen = { turns: turns + 1, sumMs: sumMs + Math.min(turnMs, LONGEST_COUNTED_MS) };
  if (seen.turns < DECIDED_AFTER_TURNS) return { calls, ...seen };
  return { calls: decide(calls, seen.sumMs / seen.turns, bounds), turns: 0, sumMs: 0 };
}

/** One stall is not a flood. */
const LONGEST_COUNTED_MS = 4 * LONG_TURN_MS;

function decide(calls: number, meanMs: number, { min, max }: CeilingBounds): number {
  if (meanMs > LONG_TURN_MS) return Math.max(min, Math.floor(calls * DECREASE));
  return meanMs < SHORT_TURN_MS ? Math.min(max, calls + INCREASE) : calls;
}
