/** What an id that somebody has pasted may be. Pure. */

export type IdKind = 'message' | 'command' | 'user';

export const ID_KINDS: readonly IdKind[] = ['message', 'command', 'user'];

/** Ids of commands have a form of their own; anything else is first looked for as a message. */
export function guessKind(id: string): IdKind {
  return /^[0-9a-f]{32}$/.test(id) ? 'command' : 'message';
}
