/**
 * Reads a partition again for the connectors that lag behind it, each from its own cursor, until they have caught up.
 * One page at a time, for the connector that has waited longest; others that need what is on it take their records too,
 * so that connectors at the same place, as after an outage, share the reading.
 */
import { setImmediate as afterOtherWork } from 'node:timers/promises';
import type { ConsumedRecord } from '@astrolabe/records';
import type { Amount, ConnectorQueue } from './lane-task.ts';
import type { PartitionSession } from '../consumer/partition-processor.ts';

/**
 * A stretch of a partition: every record from the offset asked for up to `nextOffset` that is still there and was
 * committed.
 */
export interface PartitionPage {
  readonly records: readonly ConsumedRecord[];
  /** Above the offset asked for. */
  readonly nextOffset: bigint;
}

/**
 * Reads some of the records from `fromOffset` up to, not including, `endOffset`, both of which have been read before;
 * waits out what may pass. Called by one caller a partition at a time. Rejects with the signal's reason, or with a
 * fault.
 */
export type ReadPage = (
  topic: string,
  partition: number,
  fromOffset: bigint,
  endOffset: bigint,
  signal: AbortSignal,
) => Promise<PartitionPage>;

export interface CatchUpReaderOptions<State> {
  readonly readPage: ReadPage;
  readonly session: PartitionSession;
  /** What a connector that lags may have in hand at the moment. */
  readonly window: (queue: ConnectorQueue<State>) => Amount;
  /** Connectors with a cursor, lagging or not. */
  readonly queues: () => Iterable<ConnectorQueue<State>>;
  /** Up to here the connectors have to come. */
  readonly mainPosition: () => bigint;
  readonly connectorOf: (record: ConsumedRecord) => string;
  readonly isBlocked: (connectorId: string) => boolean;
  readonly take: (queue: ConnectorQueue<State>, record: ConsumedRecord) => void;
  /** The connector has been given all its records below the main position. */
  readonly caughtUp: (queue: ConnectorQueue<State>) => void;
  readonly moved: () => void;
  /** Nothing is read for the time being. */
  readonly rests: () => void;
}

/** Each is decoded and looked up in the ledger at once: answers and records of others come in between. */
const HANDED_AT_ONCE = 100;

export class CatchUpReader<State> {
  readonly #options: CatchUpReaderOptions<State>;
  #reading: Promise<void> | undefined;
  #pages = 0;
  #closed = false;
  #isPoked = false;

  constructor(options: CatchUpReaderOptions<State>) {
    this.#options = options;
  }

  isReading(): boolean {
    return this.#reading !== undefined;
  }

  /** Reads on if a connector has room. */
  poke(): void {
    if (this.#reading !== undefined || this.#isOver()) return;
    if (this.#hungry().size === 0) return;
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

  /** Looks once for all records that end together, hundreds when a chunk of the ledger is stored. */
  pokeSoon(): void {
    if (this.#reading !== undefined || this.#isPoked) return;
    this.#isPoked = true;
    queueMicrotask(() => {
      this.#isPoked = false;
      this.poke();
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
      const next = nextInTurn(hungry.values());
      if (next === undefined || this.#isOver()) return;
      const from = next.tracker.position;
      // What is before the page would be taken for read.
      for (const { name, tracker } of hungry.values()) if (tracker.position < from) hungry.delete(name);
      const page = await readPage(session.topic, session.partition, from, mainPosition(), session.signal);
      if (this.#isOver()) return;
      await this.#hand(page, hungry);
    }
  }

  /**
   * Connectors that lag, may go on and have room for half a window; those that have nothing left to read follow again.
   */
  #hungry(): Map<string, ConnectorQueue<State>> {
    const { queues, mainPosition, isBlocked, window, caughtUp } = this.#options;
    const hungry = new Map<string, ConnectorQueue<State>>();
    for (const queue of [...queues()]) {
      if (!queue.isLagging) continue;
      if (queue.tracker.position >= mainPosition()) {
        // A connector that can do nothing would be sent away again with the next records.
        if (!isBlocked(queue.name)) caughtUp(queue);
      } else if (queue.records === 0 || !isBlocked(queue.name)) {
        const { records, bytes } = window(queue);
        if (queue.records <= records / 2 && queue.bytes <= bytes / 2) hungry.set(queue.name, queue);
      }
    }
    return hungry;
  }

  async #hand({ records, nextOffset }: PartitionPage, hungry: Map<string, ConnectorQueue<State>>): Promise<void> {
    const { connectorOf, mainPosition, window, take, moved } = this.#options;
    const end = mainPosition();
    this.#pages += 1;
    for (const queue of hungry.values()) if (queue.tracker.position < nextOffset) queue.readTurn = this.#pages;
    let handed = 0;
    for (const record of records) {
      if (record.offset >= end || hungry.size === 0) break;
      const queue = hungry.get(connectorOf(record));
      if (queue === undefined || record.offset < queue.tracker.position) continue;
      const { records: maxRecords, bytes: maxBytes } = window(queue);
      if (queue.records >= maxRecords || queue.bytes >= maxBytes) {
        // Full: it goes on at this very record, with another page.
        queue.tracker.advanceTo(record.offset);
        hungry.delete(queue.name);
      } else {
        take(queue, record);
        handed += 1;
        if (handed % HANDED_AT_ONCE > 0) continue;
        await afterOtherWork();
        if (this.#isOver()) return;
      }
    }
    for (const { tracker } of hungry.values()) tracker.advanceTo(nextOffset < end ? nextOffset : end);
    moved();
  }
}

/**
 * The one that nothing has been read for longest: the lowest would keep all others waiting while it never has enough.
 */
function nextInTurn<State>(queues: Iterable<ConnectorQueue<State>>): ConnectorQueue<State> | undefined {
  let next: ConnectorQueue<State> | undefined;
  for (const queue of queues) {
    const isSooner =
      next === undefined ||
      queue.readTurn < next.readTurn ||
      (queue.readTurn === next.readTurn && queue.tracker.position < next.tracker.position);
    if (isSooner) next = queue;
  }
  return next;
}
