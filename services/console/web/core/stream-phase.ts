/** What a live stream is doing, and what may follow. Pure. */

const phases = {
  /** The request is on its way. */
  connecting: ['open', 'waiting', 'refused', 'hidden', 'closed'],
  open: ['waiting', 'hidden', 'closed'],
  /** It broke off, and is tried again after a pause. */
  waiting: ['connecting', 'hidden', 'closed'],
  /** The tab is not seen: nothing is read until it is. */
  hidden: ['connecting', 'closed'],
  /** The server does not give it. It is not asked again by itself. */
  refused: ['connecting', 'closed'],
  /** The page has been left. */
  closed: [],
} as const satisfies Record<string, readonly string[]>;

export type StreamPhase = keyof typeof phases;

/** `next`, or throws where it may not follow. */
export function enterStreamPhase(from: StreamPhase, next: StreamPhase): StreamPhase {
  const allowed: readonly StreamPhase[] = phases[from];
  if (!allowed.includes(next)) throw new Error(`a stream that is ${from} cannot be ${next}`);
  return next;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** Doubles from attempt to attempt. `random`: from 0 to 1; tabs that lost one server do not come back at once. */
export function pauseBeforeAttempt(failures: number, askedMs: number | undefined, random: number): number {
  const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 10));
  return Math.max(askedMs ?? 0, pauseMs * (0.5 + random / 2));
}
