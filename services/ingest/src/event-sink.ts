import type { OutgoingRecord } from '@astrolabe/records';

/** The records of one request. */
export interface RecordsToStore {
  readonly events: readonly OutgoingRecord[];
  readonly deadLetters: readonly OutgoingRecord[];
}

/**
 * Where ingest stores accepted events and dead letters.
 *
 * The handler calls it once for each request with something to store, with many calls at a time.
 *
 * Success: every record is on its topic, acknowledged by all in-sync replicas. Only then may the request be answered
 * with 200. Failure: rejects with a `PipelineError`. Some of the records may be stored, so the sender must repeat the
 * request and readers must expect an event twice (same `messageId`).
 */
export interface EventSink {
  store(records: RecordsToStore): Promise<void>;
}

export interface InMemoryEventSink extends EventSink {
  readonly events: readonly OutgoingRecord[];
  readonly deadLetters: readonly OutgoingRecord[];
  /** From here on calls reject with this and store nothing, until it is undefined again. */
  failWith(error: Error | undefined): void;
  /** Calls made from here on settle only after `release`. */
  hold(): { release(): void };
}

/** In-memory fake for tests without a broker. */
export function createInMemoryEventSink(): InMemoryEventSink {
  const events: OutgoingRecord[] = [];
  const deadLetters: OutgoingRecord[] = [];
  let failure: Error | undefined;
  let gate: Promise<void> | undefined;
  return {
    events,
    deadLetters,
    store: async (records) => {
      if (gate !== undefined) await gate;
      if (failure !== undefined) throw failure;
      events.push(...records.events);
      deadLetters.push(...records.deadLetters);
    },
    failWith: (error) => {
      failure = error;
    },
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return {
        release: () => {
          gate = undefined;
          resolve();
        },
      };
    },
  };
}
