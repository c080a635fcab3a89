/** What the server that takes events is doing, and what may follow. Pure. */

const phases = {
  /** Connections stay open for the next request. */
  accepting: ['draining', 'closing'],
  /** Requests are answered as before, and each connection ends with its next answer. */
  draining: ['closing'],
  /** Requests are refused, but for those in progress. */
  closing: [],
} as const satisfies Record<string, readonly string[]>;

export type ServerPhase = keyof typeof phases;

/** `next`, or throws where it may not follow. */
export function enterPhase(from: ServerPhase, next: ServerPhase): ServerPhase {
  const allowed: readonly ServerPhase[] = phases[from];
  if (!allowed.includes(next)) throw new Error(`a server that is ${from} cannot be ${next}`);
  return next;
}
