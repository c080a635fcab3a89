/** Which commands the dispatcher would skip, according to its ledger on `astrolabe.deliveries.v1`. */
import { findDeliveries } from '@astrolabe/ledger';
import type { Cluster } from '../cluster/cluster.ts';
import { readOnlyLedger } from '../cluster/read-only-ledger.ts';

export interface KnownDeliveries {
  /**
   * Those of the commands, all of one partition, that have ended at the API. A dead letter has not: it is tried again.
   */
  find(partition: number, commandIds: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>>;
}

/** `windowMs`: for how long the dispatcher remembers a delivery. */
export function createKnownDeliveries(
  cluster: Pick<Cluster, 'admin' | 'reader' | 'topics'>,
  windowMs: number,
  nowMs: () => number,
): KnownDeliveries {
  const changelog = readOnlyLedger(cluster);
  return {
    find: async (partition, commandIds, signal) => {
      const afterMs = nowMs() - windowMs;
      const found = await findDeliveries({ changelog, partition, commandIds, afterMs, signal });
      const known = [...found].filter(([, deliveries]) => deliveries.at(-1)?.outcome !== 'dead-lettered');
      return new Set(known.map(([commandId]) => commandId));
    },
  };
}
