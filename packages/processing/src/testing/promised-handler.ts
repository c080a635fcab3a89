import type { ConsumedRecord } from '@astrolabe/records';
import type { LaneHandler, LaneProcessor } from '../lanes/lane-handler.ts';
import { createLaneProcessor } from '../lanes/lane-processor.ts';
import type { PartitionSession } from '../consumer/partition-processor.ts';

export interface PromisedProcessorOptions {
  readonly session: PartitionSession;
  readonly laneOf: (record: ConsumedRecord) => string;
  /** Handles a record to its end; gives up with a rejection when the signal aborts. Any other rejection is a fault. */
  readonly handle: (record: ConsumedRecord, signal: AbortSignal) => Promise<void>;
  readonly maxRecords: number;
  readonly maxBytes: number;
}

/** Of a lane processor in which nothing lags, and no earlier owner has left anything. */
export const nothingLags = {
  nowMs: () => 0,
  restore: undefined,
  readPage: () => Promise.reject(new Error('nothing lags')),
};

/** A lane processor whose records are handled by an async function, all in one connector that never lags. */
export function createPromisedProcessor(options: PromisedProcessorOptions): LaneProcessor {
  const { session, laneOf, handle, maxRecords, maxBytes } = options;
  const handler: LaneHandler<undefined> = {
    start: (task) => {
      handle(task.record, session.signal).then(
        () => {
          task.finish();
        },
        (fault: unknown) => {
          if (!session.signal.aborted) task.fail(fault);
        },
      );
    },
    withdraw: () => false,
    abort: () => undefined,
    isBlocked: () => false,
  };
  return createLaneProcessor({
    session,
    laneOf,
    connectorOf: () => '',
    handler,
    limits: {
      maxRecords,
      maxBytes,
      windowRecords: 100,
      windowBytes: 1_000_000,
      maxHoldMs: Infinity,
      maxLaggingConnectors: 0,
    },
    ...nothingLags,
  });
}
