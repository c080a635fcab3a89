/** Brings a partition's local copy up to the end of its changelog, or rebuilds it if it is a copy of something else. */
import type { Logger } from '@astrolabe/service-kit';
import { decodeChunk } from '../chunk/chunk-codec.ts';
import type { DeliveryStore } from './delivery-store.ts';
import type { ChangelogChunk, LedgerChangelog } from '../changelog/ledger-changelog.ts';

export interface RestoreProgress {
  /** Deliveries read from the changelog so far. */
  readonly entries: number;
  /** Offset of the changelog that comes next. */
  readonly nextOffset: bigint;
}

export interface RestoreOptions {
  readonly store: DeliveryStore;
  readonly changelog: LedgerChangelog;
  readonly partition: number;
  /** What is as old as this or older is left out. */
  readonly afterMs: number;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly onProgress?: (progress: RestoreProgress) => void;
}

/**
 * Resolves with the offset up to which the copy is complete. What a failed attempt has copied stays, and the next one
 * goes on from there.
 */
export async function restoreStore(options: RestoreOptions): Promise<bigint> {
  const { store, changelog, partition, afterMs, logger } = options;
  const last = store.lastChunk();
  if (last !== undefined) {
    try {
      return await copyFrom(options, last.offset, last);
    } catch (error) {
      if (!(error instanceof NoCopy)) throw error;
    }
    logger.warn(
      { partition, offset: last.offset.toString() },
      'the local delivery ledger does not match the changelog, or is older than all of it; rebuilding it',
    );
    await store.reset();
  }
  return copyFrom(options, await changelog.offsetSince(partition, afterMs + 1));
}

class NoCopy extends Error {}

/**
 * Copies from `fromOffset` on. `last` is the last chunk of the local copy. If the changelog has other bytes at its
 * offset, or none, the copy is of something else: another cluster, a topic that was recreated, or a topic whose
 * retention has passed the copy. Matching offsets prove nothing: the copy could then report another pipeline's commands
 * as delivered.
 */
async function copyFrom(
  { store, changelog, partition, afterMs, signal, onProgress }: RestoreOptions,
  fromOffset: bigint,
  last?: ChangelogChunk,
): Promise<bigint> {
  let unproven = last;
  let entries = 0;
  const nextOffset = await changelog.read(partition, { fromOffset, signal }, async (chunks) => {
    const [first] = chunks;
    if (first === undefined) return;
    let fresh = chunks;
    if (unproven !== undefined) {
      if (first.offset !== unproven.offset || !first.bytes.equals(unproven.bytes)) throw new NoCopy();
      unproven = undefined;
      fresh = chunks.slice(1);
    }
    const placed = fresh.map(({ offset, bytes }) => ({ offset, chunk: decodeChunk(bytes) }));
    entries += placed.reduce((sum, { chunk }) => sum + chunk.count, 0);
    await store.read(placed.filter(({ chunk }) => chunk.newestAtMs > afterMs));
    onProgress?.({ entries, nextOffset: (chunks.at(-1)?.offset ?? first.offset) + 1n });
  });
  if (unproven !== undefined) throw new NoCopy();
  return nextOffset;
}
