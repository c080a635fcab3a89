/** Groups of a partition, and which of them must lag. */
import type { LaneLimits } from './lane-handler.ts';
import type { LaneGroup, LaneTask } from './lane-task.ts';
import { OffsetTracker } from './offset-tracker.ts';

/** `position`: the first offset that the group may have a record at. */
export function openGroup<State>(name: string, position: bigint): LaneGroup<State> {
  const tracker = new OffsetTracker<LaneTask<State>>(position, isDone);
  return { name, tracker, isLagging: false, records: 0, bytes: 0, mainRecords: 0, mainBytes: 0 };
}

/** The one whose record has held the offset back for too long, and those that crowd the others out of the buffer. */
export function groupsThatLag<State>(
  main: OffsetTracker<LaneTask<State>>,
  groups: ReadonlyMap<string, LaneGroup<State>>,
  limits: LaneLimits,
  isBlocked: (group: string) => boolean,
  nowMs: number,
): readonly LaneGroup<State>[] {
  const lagging: LaneGroup<State>[] = [];
  if (main.first !== undefined && nowMs - main.first.sinceMs >= limits.maxHoldMs) lagging.push(main.first.group);
  // Alone, a group harms nobody: that its partition waits for it is the cheapest way to slow down.
  if (groups.size < 2) return lagging;
  for (const group of groups.values()) {
    if (group.mainRecords < limits.maxRecords / 2 && group.mainBytes < limits.maxBytes / 2) continue;
    const oldest = main.pending().find((task) => task.group === group && !isPastForMain(task));
    if (oldest === undefined) continue;
    if (isBlocked(group.name) || nowMs - oldest.sinceMs >= limits.maxCrowdMs) lagging.push(group);
  }
  return lagging;
}

/** Whether a task holds the partition's own offset back no more. */
export function isPastForMain<State>({ isDone, isMain }: LaneTask<State>): boolean {
  return isDone || !isMain;
}

function isDone<State>({ isDone }: LaneTask<State>): boolean {
  return isDone;
}
