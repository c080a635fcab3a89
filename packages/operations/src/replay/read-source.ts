/** Reads the range of a replay as the services would, for a forecast. */
import type { CommandDecoder } from '@astrolabe/records/serde';
import type { ConsumedRecord } from '@astrolabe/records';
import { matchCommand, matchEvent, type Match, type ReplayOrder, type ReplaySpan } from '@astrolabe/replay';
import type { Cluster } from '../cluster/cluster.ts';
import { readCommandId } from '../core/record-ids.ts';
import type { KnownDeliveries } from './known-deliveries.ts';

export interface SortedRecord {
  readonly record: ConsumedRecord;
  /** `known`: a matching command that the ledger has as delivered. */
  readonly sorted: Match | 'known';
}

/** Offsets from `fromOffset` up to, not including, `nextOffset`, that cannot be decoded. */
export interface SkippedRecords {
  readonly topic: string;
  readonly partition: number;
  readonly fromOffset: bigint;
  readonly nextOffset: bigint;
  readonly reason: string;
}

export interface ReplaySourceReader {
  readonly cluster: { readonly reader: Pick<Cluster['reader'], 'read'> };
  readonly topic: string;
  readonly order: Pick<ReplayOrder, 'request'>;
  readonly decoder: CommandDecoder | undefined;
  readonly known: KnownDeliveries;
}

/** In one lookup in the ledger, which reads a whole partition of it. */
const PORTION_RECORDS = 10_000;
const PORTION_BYTES = 16_000_000;

/** Calls `onPortion` with every record of the span, in order; resolves when all were taken. */
export async function readSource(
  { cluster, topic, order, decoder, known }: ReplaySourceReader,
  { partition, fromOffset, endOffset }: ReplaySpan,
  signal: AbortSignal,
  onPortion: (portion: readonly SortedRecord[]) => void,
  onSkipped: (skipped: SkippedRecords) => void,
): Promise<void> {
  const { request } = order;
  // A forced replay delivers again what was delivered, and the commands of events are not known yet.
  const asksLedger = request.source === 'commands' && request.force !== true;
  let portion: { readonly record: ConsumedRecord; readonly match: Match }[] = [];
  let bytes = 0;
  const handOver = async (): Promise<void> => {
    const taken = portion;
    portion = [];
    bytes = 0;
    const ids = taken.flatMap(({ record, match }) => (match === 'matched' ? (readCommandId(record) ?? []) : []));
    const delivered = asksLedger ? await known.find(partition, ids, signal) : new Set<string>();
    onPortion(
      taken.map(({ record, match }) => {
        const isKnown = match === 'matched' && delivered.has(readCommandId(record) ?? '');
        return { record, sorted: isKnown ? 'known' : match };
      }),
    );
  };
  await cluster.reader.read({
    topic,
    partition,
    fromOffset,
    endOffset,
    signal,
    onUnreadable: onSkipped,
    onRecords: async (records) => {
      for (const record of records) {
        const match =
          request.source === 'events' ? matchEvent(record, request) : await matchCommand(record, request, decoder);
        portion.push({ record, match });
        bytes += record.value?.length ?? 0;
      }
      if (portion.length >= PORTION_RECORDS || bytes >= PORTION_BYTES) await handOver();
    },
  });
  if (portion.length > 0) await handOver();
}
