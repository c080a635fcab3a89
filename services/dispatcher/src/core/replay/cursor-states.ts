/**
 * What the owner of a partition does for a replay of commands. Pure.
 *
 *     resting ◄──► reading ─► ended
 *        ▲            │         ▲
 *        └─ halting ◄─┘         │
 *              └────────────────┘
 */

export const cursorStates = {
  /** Nothing is read: it was not begun here, or a pause or a cancellation has taken effect. */
  resting: ['reading'],
  /** Its spans are read, and what is read is worked off. */
  reading: ['halting', 'ended'],
  /** A pause or a cancellation was asked for: what is under way is waited for. */
  halting: ['resting', 'ended'],
  /** All of its spans on the partition are done. */
  ended: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type CursorState = keyof typeof cursorStates;

/** Throws where the table does not allow it: the owner has lost track of the replay. */
export function assertMayBecome(from: CursorState, to: CursorState): void {
  const next: readonly string[] = cursorStates[from];
  if (!next.includes(to)) throw new Error(`a replay's cursor that is ${from} cannot become ${to}`);
}
