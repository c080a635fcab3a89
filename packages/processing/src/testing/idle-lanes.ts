import { createLaneProcessor } from '../lanes/lane-processor.ts';
import type { LaneProcessorOptions } from '../lanes/lane-handler.ts';
import type { LaneTask } from '../lanes/lane-task.ts';
import { recordedSession } from './recorded-session.ts';

/**
 * The lanes of a partition whose records end when a test says so. Of a connector that lags one is in hand, and its page
 * never comes.
 */
export function createIdleLanes(options: Partial<LaneProcessorOptions<undefined>> = {}) {
  const tasks: LaneTask<undefined>[] = [];
  const processor = createLaneProcessor<undefined>({
    session: recordedSession(),
    laneOf: ({ offset }) => String(offset),
    connectorOf: ({ key }) => key?.toString() ?? '',
    handler: {
      start: (task) => void tasks.push(task),
      withdraw: () => true,
      abort: () => undefined,
      isBlocked: () => true,
    },
    limits: {
      maxRecords: 4,
      maxBytes: 1_000_000,
      windowRecords: 1,
      windowBytes: 1_000_000,
      maxHoldMs: Infinity,
      maxLaggingConnectors: 1,
    },
    nowMs: () => 0,
    restore: undefined,
    readPage: () => new Promise(() => undefined),
    ...options,
  });
  return { processor, tasks };
}
