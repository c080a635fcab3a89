/** Which commands the dispatcher would skip, as its ledger on `astrolabe.deliveries.v1` stands now. */
import { findDeliveries } from '@astrolabe/ledger';
import { headerNames, headerText, type ConsumedRecord } from '@astrolabe/records';
import type { Cluster } from '../cluster.ts';
import { readOnlyLedger } from '../read-only-ledger.ts';

export interface KnownDeliveries {
  /** Those of the commands, all of one partition, that have ended at the API. A dead letter has not: it is tried again. */
  find(partition: number, commandIds: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>>;
}

export function createKnownDeliveries(cluster: Cluster, windowMs: number, nowMs: () => number): KnownDeliveries {
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

export function commandIdOf(record: ConsumedRecord): string | undefined {
  return headerText(record, headerNames.commandId);
}
