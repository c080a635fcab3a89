/** What reading the source of a replay needs. */
import type { CommandDecoder } from '@astrolabe/records/serde';
import type { Cluster, OperationRun } from '../cluster/cluster.ts';
import type { ReplayState } from './core/replay-state.ts';
import { createKnownDeliveries } from './known-deliveries.ts';
import { sourceTopicOf } from './prepare-replay.ts';
import type { ReplaySourceReader, SkippedRecords } from './read-source.ts';

export interface ReplaySourceOptions extends OperationRun {
  readonly cluster: Cluster;
  readonly state: ReplayState;
  /** Of commands; undefined where no registry is configured. */
  readonly decoder: CommandDecoder | undefined;
  /** For how long the dispatcher remembers a delivery. */
  readonly ledgerWindowMs: number;
}

/** Of a batch of one record, beside the record. */
const BATCH_OVERHEAD_BYTES = 200;

export async function openSource(
  { cluster, state, decoder, ledgerWindowMs, clock }: ReplaySourceOptions,
  onSkipped: (skipped: SkippedRecords) => void,
): Promise<ReplaySourceReader> {
  const { request } = state;
  const topic = sourceTopicOf(cluster, request);
  return {
    cluster,
    topic,
    request,
    decoder,
    known: createKnownDeliveries(cluster, ledgerWindowMs, () => clock.nowMs()),
    maxRecordBytes: (await cluster.admin.maxMessageBytes(topic)) - BATCH_OVERHEAD_BYTES,
    onSkipped,
  };
}
