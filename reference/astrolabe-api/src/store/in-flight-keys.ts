/** Idempotency keys of calls that are under way, in memory: a crash ends the calls and so frees their keys. */
export interface InFlightKeys {
  /** Takes a key. Returns false where another call holds it. */
  claim(workspace: string, key: string): boolean;
  release(workspace: string, key: string): void;
}

export function createInFlightKeys(): InFlightKeys {
  const held = new Set<string>();
  // A workspace's name has no line feed, nor has a key.
  const nameOf = (workspace: string, key: string) => `${workspace}\n${key}`;
  return {
    claim: (workspace, key) => {
      const name = nameOf(workspace, key);
      if (held.has(name)) return false;
      held.add(name);
      return true;
    },
    release: (workspace, key) => void held.delete(nameOf(workspace, key)),
  };
}
