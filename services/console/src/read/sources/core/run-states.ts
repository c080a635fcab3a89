/**
 * The life of something that runs while anybody watches. Pure.
 *
 *     stopped ─► running ◄─► lingering
 *        ▲          │            │
 *        └─ stopping ◄───────────┘
 */

export const runStates = {
  /** Nobody watches. */
  stopped: ['running', 'closed'],
  /** At least one watches. */
  running: ['lingering', 'stopping'],
  /** The last has left a moment ago: a page that is loaded again need not wait for a start. */
  lingering: ['running', 'stopping'],
  /** It was told to end, and what is under way is waited for; who comes now has it started again after that. */
  stopping: ['stopped'],
  /** The process stops: nothing is started any more. */
  closed: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type RunState = keyof typeof runStates;

/** Throws where the table does not allow it: two runs would read the same at a time. */
export function assertMayBecome(from: RunState, to: RunState): void {
  const next: readonly string[] = runStates[from];
  if (!next.includes(to)) throw new Error(`what is shared and ${from} cannot become ${to}`);
}
