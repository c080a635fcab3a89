/** Reads the ranges of a replay in portions, sorted into what is sent and what is not. */
import { recordSizeBytes, type ConsumedRecord } from '@astrolabe/records';
import type { CommandDecoder } from '@astrolabe/records/serde';
import type { Cluster } from '../cluster.ts';
import type { KnownDeliveries } from './known-deliveries.ts';
import { commandIdOf } from './known-deliveries.ts';
import { matchRecord, type Match } from './match-record.ts';
import type { ReplayRequest, ReplaySpan, SortedAs } from './replay-state.ts';

export interface SortedRecord {
  readonly record: ConsumedRecord;
  readonly sorted: SortedAs;
}

export interface SourceReading {
  readonly cluster: Cluster;
  readonly topic: string;
  readonly request: ReplayRequest;
  readonly decoder: CommandDecoder | undefined;
  readonly known: KnownDeliveries;
  /** Of a record; the topic takes no larger one. */
  readonly maxRecordBytes: number;
  /** A line for each that is passed. */
  readonly onPassed: (line: string) => void;
}

/** What of it reading needs. */
interface ReadableSource extends Omit<SourceReading, 'cluster'> {
  readonly cluster: { readonly reader: Pick<Cluster['reader'], 'read'> };
}

/** In one look into the ledger, which reads a partition of it whole. */
const PORTION_RECORDS = 10_000;
const PORTION_BYTES = 16_000_000;

/** Calls `onPortion` with every record of the span from its position on, in order; resolves when all were taken. */
export async function readSource(
  { cluster, topic, request, decoder, known, maxRecordBytes, onPassed }: ReadableSource,
  { partition, position, endOffset }: ReplaySpan,
  signal: AbortSignal,
  onPortion: (portion: readonly SortedRecord[]) => Promise<void> | void,
  onUnreadable: (records: number) => void,
): Promise<void> {
  let portion: { readonly record: ConsumedRecord; readonly match: Match }[] = [];
  let bytes = 0;
  const hand = async (): Promise<void> => {
    if (portion.length === 0) return;
    const taken = portion;
    portion = [];
    bytes = 0;
    const matched = taken.filter(({ match }) => match === 'matched');
    const commandIds = matched.map(({ record }) => commandIdOf(record)).filter((id) => id !== undefined);
    // A forced replay asks for what was delivered too, and of events nobody knows the commands yet.
    const asks = request.source === 'commands' && request.force !== true;
    const delivered = asks ? await known.find(partition, commandIds, signal) : new Set<string>();
    await onPortion(
      taken.map(({ record, match }): SortedRecord => {
        if (match !== 'matched') return { record, sorted: match };
        const sizeBytes = recordSizeBytes(record);
        if (sizeBytes > maxRecordBytes) {
          // It came compressed: the topic takes batches of that size, and more once they are inflated.
          onPassed(
            `${topic}[${partition}]@${record.offset} is passed: its ${sizeBytes} bytes are more than the topic takes`,
          );
          return { record, sorted: 'unsendable' };
        }
        return { record, sorted: delivered.has(commandIdOf(record) ?? '') ? 'known' : 'send' };
      }),
    );
  };
  if (position >= endOffset) return;
  await cluster.reader.read({
    topic,
    partition,
    fromOffset: position,
    endOffset,
    signal,
    onUnreadable: ({ fromOffset, nextOffset, reason }) => {
      onPassed(`${topic}[${partition}]@${fromOffset} to ${nextOffset - 1n} are passed: ${reason}`);
      onUnreadable(Number(nextOffset - fromOffset));
    },
    onRecords: async (records) => {
      for (const record of records) {
        portion.push({ record, match: await matchRecord(record, request, decoder) });
        bytes += record.value?.length ?? 0;
      }
      if (portion.length >= PORTION_RECORDS || bytes >= PORTION_BYTES) await hand();
    },
  });
  await hand();
}
