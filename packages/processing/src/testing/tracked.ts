import { OffsetTracker } from '../lanes/offset-tracker.ts';

export interface Tracked {
  readonly offset: bigint;
  done: boolean;
}

/** A tracker of entries that a test completes one by one. */
export function openTracker(position: bigint) {
  let looks = 0;
  const tracker = new OffsetTracker<Tracked>(position, ({ done }) => {
    looks += 1;
    return done;
  });
  return {
    /** How often the tracker has asked whether a record is done. */
    looks: () => looks,
    get position() {
      return tracker.position;
    },
    get pendingCount() {
      return tracker.pendingCount;
    },
    get committableOffset() {
      return tracker.committableOffset;
    },
    track(offset: bigint): Tracked {
      const tracked = { offset, done: false };
      tracker.track(tracked);
      return tracked;
    },
    complete(tracked: Tracked): boolean {
      tracked.done = true;
      return tracker.settle();
    },
    advanceTo: (offset: bigint) => tracker.advanceTo(offset),
    evictAfter: (count: number) => tracker.evictAfter(count),
  };
}
