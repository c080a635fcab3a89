/** Orders and progress for tests: everything that a test does not name is plain. */
import { noDispatcherCounts, noMapperCounts } from '../core/replay-progress.ts';
import type { DispatcherCounts, DispatcherProgress, MapperCounts, MapperProgress } from '../core/replay-progress.ts';
import type { ReplayOrder } from '../core/replay-order.ts';
import type { ReplayView } from '../core/replay-view.ts';

const STARTED_AT_MS = Date.UTC(2026, 2, 1);

/** A replay `r1` of the events 0 to 99 of partition 0. */
export function replayOrder(parts: Partial<ReplayOrder> = {}): ReplayOrder {
  return {
    id: 'r1',
    request: { source: 'events', toEarliest: true },
    startedAtMs: STARTED_AT_MS,
    spans: [{ partition: 0, fromOffset: 0n, endOffset: 100n }],
    topicIds: {},
    wanted: 'run',
    changedAtMs: STARTED_AT_MS,
    ...parts,
  };
}

export function mapperProgress(
  nextOffset: bigint,
  counts: Partial<MapperCounts> = {},
  parts: Partial<Omit<MapperProgress, 'counts' | 'nextOffset'>> = {},
): MapperProgress {
  return { ...cursor(nextOffset), commands: 0, ...parts, counts: { ...noMapperCounts, ...counts } };
}

export function dispatcherProgress(
  nextOffset: bigint,
  counts: Partial<DispatcherCounts> = {},
  parts: Partial<Omit<DispatcherProgress, 'counts' | 'nextOffset'>> = {},
): DispatcherProgress {
  return { ...cursor(nextOffset), ...parts, counts: { ...noDispatcherCounts, ...counts } };
}

export function replayView(order: ReplayOrder, parts: Partial<Omit<ReplayView, 'order'>> = {}): ReplayView {
  return { order, mapper: new Map(), dispatcher: new Map(), commands: new Map(), ...parts };
}

function cursor(nextOffset: bigint) {
  return { nextOffset, atMs: STARTED_AT_MS, gaveWayMs: 0, obeysMs: STARTED_AT_MS };
}
