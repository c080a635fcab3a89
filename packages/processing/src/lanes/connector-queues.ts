/** Connectors of a partition: which of them must lag, and how much one that lags may have in hand. */
import { encodeConnectorOffsets } from '@astrolabe/records';
import type { LaneLimits } from './lane-handler.ts';
import type { Amount, ConnectorQueue, PartitionTask } from './lane-task.ts';
import { OffsetTracker } from './offset-tracker.ts';

/** What a partition has in memory: in its own buffer, and apart from it what came by the cursors of connectors. */
export class InHand<State> {
  #mainRecords = 0;
  #mainBytes = 0;
  #records = 0;
  #bytes = 0;

  get main(): Amount {
    return { records: this.#mainRecords, bytes: this.#mainBytes };
  }

  add(task: PartitionTask<State>): void {
    this.#count(task, 1);
    if (task.isMain) this.#countMain(task, 1);
  }

  remove(task: PartitionTask<State>): void {
    this.#count(task, -1);
    if (task.isMain) this.#countMain(task, -1);
  }

  /** The task no longer holds the partition's own offset back. */
  setApart(task: PartitionTask<State>): void {
    if (task.isMain && !task.isDone) this.#countMain(task, -1);
    task.isMain = false;
  }

  /** Apart from the partition's buffer, of all connectors but this one. */
  apartOfOthers(queue: ConnectorQueue<State>): Amount {
    return {
      records: this.#records - this.#mainRecords - (queue.records - queue.mainRecords),
      bytes: this.#bytes - this.#mainBytes - (queue.bytes - queue.mainBytes),
    };
  }

  #count({ queue, sizeBytes }: PartitionTask<State>, sign: 1 | -1): void {
    this.#records += sign;
    this.#bytes += sign * sizeBytes;
    queue.records += sign;
    queue.bytes += sign * sizeBytes;
  }

  #countMain({ queue, sizeBytes }: PartitionTask<State>, sign: 1 | -1): void {
    this.#mainRecords += sign;
    this.#mainBytes += sign * sizeBytes;
    queue.mainRecords += sign;
    queue.mainBytes += sign * sizeBytes;
  }
}

/** `position`: the first offset that the connector may have a record at. */
export function openConnectorQueue<State>(name: string, position: bigint): ConnectorQueue<State> {
  const tracker = new OffsetTracker<PartitionTask<State>>(position, isDone);
  const inHand = { records: 0, bytes: 0, mainRecords: 0, mainBytes: 0 };
  return { name, tracker, isLagging: false, lastWrittenAtMs: undefined, readTurn: 0, ...inHand };
}

/** The connector whose record has held the partition's offset back for too long. */
export function queueThatHoldsBack<State>(
  main: OffsetTracker<PartitionTask<State>>,
  { maxHoldMs }: LaneLimits,
  nowMs: number,
): ConnectorQueue<State> | undefined {
  const { first } = main;
  return first !== undefined && nowMs - first.sinceMs >= maxHoldMs ? first.queue : undefined;
}

/** The connector with the most of what the partition's buffer is full of; undefined while the buffer has room. */
export function queueThatFills<State>(
  buffer: Amount,
  queues: Iterable<ConnectorQueue<State>>,
  { maxRecords, maxBytes }: LaneLimits,
): ConnectorQueue<State> | undefined {
  const isFullOfRecords = buffer.records >= maxRecords;
  if (!isFullOfRecords && buffer.bytes < maxBytes) return undefined;
  let largest: ConnectorQueue<State> | undefined;
  let most = 0;
  for (const queue of queues) {
    const size = isFullOfRecords ? queue.mainRecords : queue.mainBytes;
    if (size <= most) continue;
    largest = queue;
    most = size;
  }
  return largest;
}

/**
 * How much a lagging connector may hold, while the others hold `ofOthers`: half of what they leave of twice the
 * partition's buffer (as in the dispatcher's `Bulkhead`), and at least its own window. A connector that lags alone gets
 * the whole buffer, so that a healthy connector that is flooded keeps its calls in flight when it begins to lag.
 */
export function lagWindow({ maxRecords, maxBytes, windowRecords, windowBytes }: LaneLimits, ofOthers: Amount): Amount {
  return {
    records: Math.max(windowRecords, Math.floor((2 * maxRecords - ofOthers.records) / 2)),
    bytes: Math.max(windowBytes, Math.floor((2 * maxBytes - ofOthers.bytes) / 2)),
  };
}

/** How many of the first tasks fit a window; those that are done take no room, and one fits in any case. */
export function countWithin<State>(tasks: readonly PartitionTask<State>[], window: Amount): number {
  let records = 0;
  let bytes = 0;
  for (const [index, { isDone, sizeBytes }] of tasks.entries()) {
    if (isDone) continue;
    records += 1;
    bytes += sizeBytes;
    if (records > 1 && (records > window.records || bytes > window.bytes)) return index;
  }
  return tasks.length;
}

/**
 * Where a partition stands, as it is committed: its own offset, and beside it the cursors of connectors in the
 * metadata. A cursor for which there is no room holds the offset back.
 */
export function commitOf(
  committableOffset: bigint,
  cursors: ReadonlyMap<string, bigint>,
): { readonly nextOffset: bigint; readonly metadata: string } {
  const { metadata, heldBackTo } = encodeConnectorOffsets(cursors);
  const isHeldBack = heldBackTo !== undefined && heldBackTo < committableOffset;
  return { nextOffset: isHeldBack ? heldBackTo : committableOffset, metadata };
}

/** Whether a task holds the partition's own offset back no more. */
export function releasesPartitionOffset<State>({ isDone, isMain }: PartitionTask<State>): boolean {
  return isDone || !isMain;
}

function isDone<State>({ isDone }: PartitionTask<State>): boolean {
  return isDone;
}
