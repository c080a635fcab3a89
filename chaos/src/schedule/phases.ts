/** When in a run something may be disturbed, in milliseconds since its first event. Pure. */

/** Quiet at the start: what freshness is while nothing is wrong. */
export const QUIET_MS = 8_000;
/** Of the run, from its start: the rest is for recovery, still under load. */
const DISTURBED_SHARE = 0.85;
/**
 * From this length on, the first instance of each service lives on from a third of the run to its end: only a long life
 * shows a slow leak.
 */
const SPARING_MINUTES = 10;
const SPARING_FROM_SHARE = 1 / 3;

/** Nothing is disturbed from here on. */
export function disturbedUntilMs(minutes: number): number {
  return minutes * 60_000 * DISTURBED_SHARE;
}

/** Nothing ends the first instance of a service from here on. */
export function sparingFromMs(minutes: number): number {
  return minutes < SPARING_MINUTES ? disturbedUntilMs(minutes) : minutes * 60_000 * SPARING_FROM_SHARE;
}
