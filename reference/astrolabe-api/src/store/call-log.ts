import type { FaultKind } from '../faults.ts';

/** One call, in the order of arrival. Members that are not known yet, or never will be, are null. */
export interface CallRecord {
  /** From 1, without gaps. */
  readonly sequence: number;
  /** Arrival, epoch milliseconds. */
  readonly atMs: number;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Null where the API key is missing or unknown. */
  connector: string | null;
  /** Null for bulk calls, whose commands carry their own. */
  idempotencyKey: string | null;
  /** Commands in the call; 0 for reads. */
  commands: number;
  /** Commands that changed the state. */
  applied: number;
  /** Commands that got a remembered answer. */
  replayed: number;
  /** The fault that applied to it. */
  fault: FaultKind | null;
  /** Status of the answer; null while the call is in progress, and permanently if there was no answer. */
  status: number | null;
}

export interface CallPage {
  readonly calls: readonly Readonly<CallRecord>[];
  /** Pass as `after` for the next page; null at the end. */
  readonly next: number | null;
  /** Calls that are no longer kept. */
  readonly forgotten: number;
}

/** The newest calls, up to a limit. */
export interface CallLog {
  /** Records an arrival. The caller fills in the rest as it happens. */
  arrive(method: string, path: string, atMs: number): CallRecord;
  /** Calls with a greater sequence number than `after`. */
  page(after: number, limit: number): CallPage;
  /** All calls that are kept. */
  all(): readonly Readonly<CallRecord>[];
}

export function createCallLog(capacity: number): CallLog {
  // A ring: sequence number s is at index (s - 1) % capacity.
  const ring: CallRecord[] = [];
  let last = 0;

  const from = (first: number, count: number): CallRecord[] => {
    const records: CallRecord[] = [];
    for (let sequence = first; sequence <= last && records.length < count; sequence += 1) {
      const record = ring[(sequence - 1) % capacity];
      if (record !== undefined) records.push(record);
    }
    return records;
  };
  const forgotten = () => Math.max(0, last - capacity);

  return {
    arrive: (method, path, atMs) => {
      last += 1;
      const record: CallRecord = {
        sequence: last,
        atMs,
        method,
        path,
        connector: null,
        idempotencyKey: null,
        commands: 0,
        applied: 0,
        replayed: 0,
        fault: null,
        status: null,
      };
      ring[(last - 1) % capacity] = record;
      return record;
    },
    page: (after, limit) => {
      const calls = from(Math.max(after, forgotten()) + 1, limit);
      const lastOfPage = calls.at(-1)?.sequence ?? last;
      return { calls, next: lastOfPage < last ? lastOfPage : null, forgotten: forgotten() };
    },
    all: () => from(forgotten() + 1, capacity),
  };
}
