/**
 * Reads a partition again for the groups that lag behind it, each from its own cursor, until they have caught up. One page at a time and
 * for all of them together, from the lowest cursor on: groups that stand at the same place, as after an outage, share the reading.
 */
import type { LaneGroup } from './lane-task.ts';
import type { PartitionSession } from './partition-processor.ts';
import type { ConsumedRecord } from './record.ts';

/** A stretch of a partition: every record from the offset asked for up to `nextOffset` that is still there and was committed. */
export interface PartitionPage {
  readonly records: readonly ConsumedRecord[];
  /** Above the offset asked for. */
  readonly nextOffset: bigint;
}

/**
 * Reads some of the records from `fromOffset` up to, not including, `endOffset`, both of which have been read before; waits out what may pass. Called by one caller a partition at a time. Rejects with the
 * signal's reason, or with a fault.
 */
export type ReadPage = (
  topic: string,
  partition: number,
  fromOffset: bigint,
  endOffset: bigint,
  signal: AbortSignal,
) => Promise<PartitionPage>;

export interface GroupCatchUpOptions<State> {
  readonly readPage: ReadPage;
  readonly session: PartitionSession;
  readonly limits: { readonly windowRecords: number; readonly windowBytes: number };
  /** Groups with a cursor, lagging or not. */
  readonly groups: () => Iterable<LaneGroup<State>>;
  /** Up to here the groups have to come. */
  readonly mainPosition: () => bigint;
  readonly groupOf: (record: ConsumedRecord) => string;
  readonly isBlocked: (group: string) => boolean;
  readonly take: (group: LaneGroup<State>, record: ConsumedRecord) => void;
  /** The group has been given all its records below the main position. */
  readonly caughtUp: (group: LaneGroup<State>) => void;
  readonly moved: () => void;
  /** Nothing is read for the time being. */
  readonly rests: () => void;
}

export class GroupCatchUp<State> {
  readonly #options: GroupCatchUpOptions<State>;
  #reading: Promise<void> | undefined;
  #closed = false;

  constructor(options: GroupCatchUpOptions<State>) {
    this.#options = options;
  }

  isReading(): boolean {
    return this.#reading !== undefined;
  }

  /** Reads on if a group has room. */
  poke(): void {
    if (this.#reading !== undefined || this.#isOver()) return;
    if (this.#lowest(this.#hungry()) === undefined) return;
    this.#reading = this.#read()
      .catch((fault: unknown) => {
        const { session } = this.#options;
        if (!session.signal.aborted) session.fail(fault);
      })
      .finally(() => {
        this.#reading = undefined;
        this.#options.rests();
      });
  }

  /** Takes nothing more. */
  close(): void {
    this.#closed = true;
  }

  /** Resolves when nothing is read any more; the session is over by then. */
  async ended(): Promise<void> {
    await this.#reading;
  }

  #isOver(): boolean {
    return this.#closed || this.#options.session.signal.aborted;
  }

  async #read(): Promise<void> {
    const { readPage, session, mainPosition } = this.#options;
    for (;;) {
      const hungry = this.#hungry();
      const from = this.#lowest(hungry);
      if (from === undefined || this.#isOver()) return;
      const page = await readPage(session.topic, session.partition, from, mainPosition(), session.signal);
      if (this.#isOver()) return;
      this.#hand(page, hungry);
    }
  }

  /** Groups that lag, may go on and have room for half a window; those that have nothing left to read follow again. */
  #hungry(): Map<string, LaneGroup<State>> {
    const { groups, mainPosition, isBlocked, limits, caughtUp } = this.#options;
    const hungry = new Map<string, LaneGroup<State>>();
    for (const group of [...groups()]) {
      if (!group.isLagging) continue;
      if (group.tracker.position >= mainPosition()) {
        // A group that can do nothing would be sent away again with the next records.
        if (!isBlocked(group.name)) caughtUp(group);
      } else if (
        group.records <= limits.windowRecords / 2 &&
        group.bytes <= limits.windowBytes / 2 &&
        (group.records === 0 || !isBlocked(group.name))
      ) {
        hungry.set(group.name, group);
      }
    }
    return hungry;
  }

  #lowest(groups: ReadonlyMap<string, LaneGroup<State>>): bigint | undefined {
    let lowest: bigint | undefined;
    for (const { tracker } of groups.values()) {
      if (lowest === undefined || tracker.position < lowest) lowest = tracker.position;
    }
    return lowest;
  }

  #hand({ records, nextOffset }: PartitionPage, hungry: Map<string, LaneGroup<State>>): void {
    const { limits, groupOf, mainPosition, take, moved } = this.#options;
    const end = mainPosition();
    for (const record of records) {
      if (record.offset >= end || hungry.size === 0) break;
      const group = hungry.get(groupOf(record));
      if (group === undefined || record.offset < group.tracker.position) continue;
      if (group.records >= limits.windowRecords || group.bytes >= limits.windowBytes) {
        // Full: it goes on at this very record, with another page.
        group.tracker.advanceTo(record.offset);
        hungry.delete(group.name);
      } else {
        take(group, record);
      }
    }
    for (const { tracker } of hungry.values()) tracker.advanceTo(nextOffset < end ? nextOffset : end);
    moved();
  }
}
