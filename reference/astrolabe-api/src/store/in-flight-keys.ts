/** Idempotency keys of calls in progress, in memory: a crash ends the calls and so frees their keys. */
export interface InFlightKeys {
  /** Takes a key. Returns false if another call holds it. */
  claim(workspace: string, key: string): boolean;
  release(workspace: string, key: string): void;
}

export function createInFlightKeys(): InFlightKeys {
  const held = new Set<string>();
  // Neither a workspace's name nor a key contains a line feed.
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
