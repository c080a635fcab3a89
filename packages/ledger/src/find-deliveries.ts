/** Looks commands up on the changelog itself, without a local copy: for the operator's tools. */
import { decodeChunk } from './chunk/chunk-codec.ts';
import { KEY_BYTES, writeCommandKey } from './command-key.ts';
import type { Delivery } from './delivery.ts';
import type { LedgerChangelog } from './changelog/ledger-changelog.ts';

export interface FindDeliveriesOptions {
  readonly changelog: LedgerChangelog;
  /** That of the commands. */
  readonly partition: number;
  readonly commandIds: Iterable<string>;
  /** Deliveries at this time or before it are left out, as the ledger would. */
  readonly afterMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Reads the partition once and resolves with all deliveries of the commands asked for, by command id, each list in the
 * order of the changelog; a command without any is absent. What is held in memory grows with the question, not with the
 * ledger.
 */
export async function findDeliveries(
  options: FindDeliveriesOptions,
): Promise<ReadonlyMap<string, readonly Delivery[]>> {
  const { changelog, partition, commandIds, afterMs, signal } = options;
  const idByKey = new Map<string, string>();
  const key = Buffer.alloc(KEY_BYTES);
  for (const commandId of commandIds) {
    writeCommandKey(commandId, key);
    idByKey.set(key.toString('hex'), commandId);
  }
  const found = new Map<string, Delivery[]>();
  if (idByKey.size === 0) return found;
  const fromOffset = await changelog.offsetSince(partition, afterMs + 1);
  await changelog.read(partition, { fromOffset, ...(signal === undefined ? {} : { signal }) }, (chunks) => {
    for (const { bytes } of chunks) {
      const chunk = decodeChunk(bytes);
      if (chunk.newestAtMs <= afterMs) continue;
      for (const delivery of chunk.deliveries()) {
        const commandId = idByKey.get(delivery.commandId);
        if (commandId === undefined || delivery.atMs <= afterMs) continue;
        const known = found.get(commandId);
        if (known === undefined) found.set(commandId, [{ ...delivery, commandId }]);
        else known.push({ ...delivery, commandId });
      }
    }
  });
  return found;
}
