/** The in-memory fake of the changelog, for tests that need no broker. */
import type { PipelineError } from '@astrolabe/service-kit/errors';
import type { ChangelogChunk, LedgerChangelog } from './ledger-changelog.ts';

export interface InMemoryChangelog extends LedgerChangelog {
  /** What is on a partition, in order. */
  chunks(partition: number): readonly ChangelogChunk[];
  /** Removes what lies below `lowWatermark`, as retention does. */
  trim(partition: number, lowWatermark: bigint): void;
  /** Forgets everything and counts from 0 again, like a topic that was deleted and recreated. */
  recreate(): void;
  /**
   * Appends and reads reject with this until it is undefined again. With `stored`, the chunk of a rejected append is
   * there nevertheless, as when only the acknowledgement was lost.
   */
  failWith(error: PipelineError | undefined, options?: { readonly stored?: boolean }): void;
  /** Appends made from here on settle only after `release`. */
  hold(): { release(): void };
  /** First offset of each read so far. */
  readonly readsFrom: readonly bigint[];
}

interface Stored extends ChangelogChunk {
  readonly appendedAtMs: number;
}

const CHUNKS_AT_A_TIME = 16;

export function createInMemoryChangelog(nowMs: () => number = () => 0): InMemoryChangelog {
  const partitions = new Map<number, { next: bigint; chunks: Stored[] }>();
  const readsFrom: bigint[] = [];
  let failure: PipelineError | undefined;
  let storesFailed = false;
  let gate: Promise<void> = Promise.resolve();

  const logOf = (partition: number) => {
    const existing = partitions.get(partition);
    if (existing !== undefined) return existing;
    const created = { next: 0n, chunks: [] };
    partitions.set(partition, created);
    return created;
  };

  return {
    readsFrom,
    append: async (partition, chunk) => {
      await gate;
      const log = logOf(partition);
      const offset = log.next;
      if (failure === undefined || storesFailed) {
        log.next += 1n;
        log.chunks.push({ offset, bytes: Buffer.from(chunk), appendedAtMs: nowMs() });
      }
      if (failure !== undefined) throw failure;
      return offset;
    },
    read: async (partition, { fromOffset, untilOffset, signal }, onChunks) => {
      signal?.throwIfAborted();
      if (failure !== undefined) throw failure;
      readsFrom.push(fromOffset);
      const log = logOf(partition);
      const end = untilOffset === undefined || untilOffset > log.next ? log.next : untilOffset;
      const wanted = log.chunks.filter(({ offset }) => offset >= fromOffset && offset < end);
      for (let at = 0; at < wanted.length; at += CHUNKS_AT_A_TIME) {
        await onChunks(wanted.slice(at, at + CHUNKS_AT_A_TIME).map(({ offset, bytes }) => ({ offset, bytes })));
        signal?.throwIfAborted();
      }
      return end;
    },
    offsetSince: async (partition, timeMs) => {
      const log = logOf(partition);
      return log.chunks.find(({ appendedAtMs }) => appendedAtMs >= timeMs)?.offset ?? log.next;
    },
    chunks: (partition) => logOf(partition).chunks,
    trim: (partition, lowWatermark) => {
      const log = logOf(partition);
      log.chunks = log.chunks.filter(({ offset }) => offset >= lowWatermark);
    },
    recreate: () => partitions.clear(),
    failWith: (error, { stored = false } = {}) => {
      failure = error;
      storesFailed = stored;
    },
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return { release: resolve };
    },
  };
}
