import type { OutgoingRecord } from '@astrolabe/records';
import type { PipelineError } from '@astrolabe/service-kit/errors';

/** The records of one request. */
export interface RecordsToStore {
  readonly events: readonly OutgoingRecord[];
  readonly deadLetters: readonly OutgoingRecord[];
}

/**
 * Where ingest stores what it has taken.
 *
 * Called by the handler once for each request that holds anything to store, many at a time.
 *
 * Success: every record is on its topic, acknowledged by all in-sync replicas. Only then may the request be answered
 * with 200. Failure: rejects with a `PipelineError`; some of the records may be stored all the same, so the sender has to
 * repeat the request and readers have to expect an event twice (same `messageId`).
 */
export interface EventSink {
  store(records: RecordsToStore): Promise<void>;
}

export interface InMemoryEventSink extends EventSink {
  readonly events: readonly OutgoingRecord[];
  readonly deadLetters: readonly OutgoingRecord[];
  /** From here on calls reject with this and store nothing, until it is undefined again. */
  failWith(error: PipelineError | undefined): void;
  /** Calls made from here on settle only after `release`. */
  hold(): { release(): void };
}

/** The in-memory fake, for tests without a broker. */
export function createInMemoryEventSink(): InMemoryEventSink {
  const events: OutgoingRecord[] = [];
  const deadLetters: OutgoingRecord[] = [];
  let failure: PipelineError | undefined;
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
