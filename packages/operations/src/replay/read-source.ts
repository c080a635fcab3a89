/** Reads the ranges of a replay in portions, sorted into what is sent and what is not. */
import { recordSizeBytes, type ConsumedRecord } from '@astrolabe/records';
import type { CommandDecoder } from '@astrolabe/records/serde';
import type { Cluster } from '../cluster/cluster.ts';
import { readCommandId } from '../core/record-ids.ts';
import type { ReplayRequest, ReplaySpan, SortedAs } from './core/replay-state.ts';
import type { KnownDeliveries } from './known-deliveries.ts';
import { matchRecord, type Match } from './match-record.ts';

export interface SortedRecord {
  readonly record: ConsumedRecord;
  readonly sorted: SortedAs;
}

/** Records that cannot be sent again. */
export type SkippedRecords =
  /**
   * It came compressed: the topic limits the size of batches as they are sent, and a batch may be larger once it is
   * decompressed.
   */
  | {
      readonly kind: 'too-large';
      readonly topic: string;
      readonly partition: number;
      readonly offset: bigint;
      readonly sizeBytes: number;
    }
  /** Offsets from `fromOffset` up to, not including, `nextOffset`. */
  | {
      readonly kind: 'unreadable';
      readonly topic: string;
      readonly partition: number;
      readonly fromOffset: bigint;
      readonly nextOffset: bigint;
      readonly reason: string;
    };

export interface ReplaySourceReader {
  readonly cluster: { readonly reader: Pick<Cluster['reader'], 'read'> };
  readonly topic: string;
  readonly request: ReplayRequest;
  readonly decoder: CommandDecoder | undefined;
  readonly known: KnownDeliveries;
  /** Of a record; the topic accepts no larger one. */
  readonly maxRecordBytes: number;
  readonly onSkipped: (skipped: SkippedRecords) => void;
}

/** In one lookup in the ledger, which reads a whole partition of it. */
const PORTION_RECORDS = 10_000;
const PORTION_BYTES = 16_000_000;

interface MatchedRecord {
  readonly record: ConsumedRecord;
  readonly match: Match;
}

/** Calls `onPortion` with every record of the span from its position on, in order; resolves when all were taken. */
export async function readSource(
  source: ReplaySourceReader,
  { partition, position, endOffset }: ReplaySpan,
  signal: AbortSignal,
  onPortion: (portion: readonly SortedRecord[]) => Promise<void> | void,
  onUnreadable: (records: number) => void,
): Promise<void> {
  const { cluster, topic, request, decoder, onSkipped } = source;
  let portion: MatchedRecord[] = [];
  let bytes = 0;
  const handOver = async (): Promise<void> => {
    if (portion.length === 0) return;
    const taken = portion;
    portion = [];
    bytes = 0;
    await onPortion(await sortPortion(source, partition, taken, signal));
  };
  if (position >= endOffset) return;
  await cluster.reader.read({
    topic,
    partition,
    fromOffset: position,
    endOffset,
    signal,
    onUnreadable: ({ fromOffset, nextOffset, reason }) => {
      onSkipped({ kind: 'unreadable', topic, partition, fromOffset, nextOffset, reason });
      onUnreadable(Number(nextOffset - fromOffset));
    },
    onRecords: async (records) => {
      for (const record of records) {
        portion.push({ record, match: await matchRecord(record, request, decoder) });
        bytes += record.value?.length ?? 0;
      }
      if (portion.length >= PORTION_RECORDS || bytes >= PORTION_BYTES) await handOver();
    },
  });
  await handOver();
}

async function sortPortion(
  { topic, request, known, maxRecordBytes, onSkipped }: ReplaySourceReader,
  partition: number,
  portion: readonly MatchedRecord[],
  signal: AbortSignal,
): Promise<SortedRecord[]> {
  const matched = portion.filter(({ match }) => match === 'matched');
  const commandIds = matched.map(({ record }) => readCommandId(record)).filter((id) => id !== undefined);
  // A forced replay delivers again what was delivered, and the commands of events are not known yet.
  const asksLedger = request.source === 'commands' && request.force !== true;
  const delivered = asksLedger ? await known.find(partition, commandIds, signal) : new Set<string>();
  return portion.map(({ record, match }): SortedRecord => {
    if (match !== 'matched') return { record, sorted: match };
    const sizeBytes = recordSizeBytes(record);
    if (sizeBytes > maxRecordBytes) {
      onSkipped({ kind: 'too-large', topic, partition, offset: record.offset, sizeBytes });
      return { record, sorted: 'unsendable' };
    }
    const commandId = readCommandId(record);
    return { record, sorted: commandId !== undefined && delivered.has(commandId) ? 'known' : 'send' };
  });
}
