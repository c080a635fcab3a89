import { createKafkaChangelog, type LedgerChangelog } from '@astrolabe/ledger';
import type { Cluster } from './cluster.ts';

/** The delivery ledger as the dispatchers wrote it, for `findDeliveries`. Operations store nothing there. */
export function readOnlyLedger({
  admin,
  reader,
  topics,
}: Pick<Cluster, 'admin' | 'reader' | 'topics'>): LedgerChangelog {
  const topic = topics.deliveries.name;
  const producer = { send: () => Promise.reject(new Error(`${topic} is only read here`)) };
  return createKafkaChangelog({ topic, producer, reader, admin });
}
