/** The follower of a test: knows what is written to it, at once. */
import type { OutgoingRecord } from '@astrolabe/records';
import { readReplayRecord } from '../core/replay-record.ts';
import type { ReplayFollower } from '../follower/replay-follower.ts';
import { ReplayTable, type ReplaySnapshot } from '../core/replay-table.ts';

export interface InMemoryFollower extends ReplayFollower {
  /** As if the records had been committed to the topic of replays, and read. */
  write(...records: readonly OutgoingRecord[]): void;
}

export function createInMemoryFollower(): InMemoryFollower {
  const table = new ReplayTable();
  const listeners = new Set<(snapshot: ReplaySnapshot) => void>();
  return {
    current: () => table.snapshot(),
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    upToDate: async (signal) => {
      signal.throwIfAborted();
      return table.snapshot();
    },
    close: async () => undefined,
    write: (...records) => {
      for (const record of records) table.apply(readReplayRecord(record));
      for (const listener of listeners) listener(table.snapshot());
    },
  };
}
