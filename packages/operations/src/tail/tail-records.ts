/** Records of a topic as they come, described and filtered. */
import { decodeChunk, type DeliveryOutcome } from '@astrolabe/ledger';
import type { ConsumedRecord } from '@astrolabe/records';
import type { CommandDecoder } from '@astrolabe/records/serde';
import type { Cluster } from '../cluster/cluster.ts';
import {
  findSpans,
  type FoundSpans,
  type PartitionSpan,
  type RangeRefusal,
  type RangeRequest,
} from '../cluster/spans.ts';
import {
  describeRecord,
  matchesRecordFilter,
  type DescribedRecord,
  type RecordFilter,
  type RecordRole,
} from '../records/describe-record.ts';
import type { DescribedDelivery } from '../records/described-delivery.ts';
import { NO_END, readPaced, type TailPace } from './read-paced.ts';
import { ReadBudget } from './core/read-budget.ts';

export const tailedTopics = ['events', 'commands', 'replayed-commands', 'dead-letters', 'deliveries'] as const;
export type TailedTopic = (typeof tailedTopics)[number];

export type TailedItem =
  | { readonly kind: 'record'; readonly record: DescribedRecord }
  | { readonly kind: 'delivery'; readonly delivery: DescribedDelivery };

export interface TailOptions {
  readonly cluster: Pick<Cluster, 'admin' | 'reader' | 'topics'>;
  readonly what: TailedTopic;
  /** Without a start, from the end of each partition; without an end, until `signal` aborts. */
  readonly range: RangeRequest;
  /** Of deliveries, only `connector` applies. */
  readonly filter: RecordFilter;
  /** Of deliveries only. */
  readonly outcome?: DeliveryOutcome | undefined;
  readonly decoder: CommandDecoder | undefined;
  readonly nowMs: number;
  readonly signal: AbortSignal;
  /** In order within each partition; partitions are read side by side. */
  readonly onItem: (item: TailedItem) => void;
  /** Called once it is known where each partition is read from. */
  readonly onStart?: () => void;
  /** Of a tail without an end. Default: everything is read. */
  readonly pace?: TailPace;
}

/** `ended`: the range has been read to its end. `stopped`: the signal was aborted. */
export type TailOutcome = { readonly kind: 'ended' } | { readonly kind: 'stopped' } | RangeRefusal;

export async function tailRecords(options: TailOptions): Promise<TailOutcome> {
  const { cluster, what, range, nowMs, signal } = options;
  const found: { readonly role: RecordRole | undefined; readonly spans: readonly PartitionSpan[] }[] = [];
  for (const { topic, role } of topicsOf(cluster, what)) {
    const starts = await findStarts(cluster, topic, range, nowMs);
    if (starts.kind !== 'spans') return starts;
    found.push({ role, spans: starts.spans });
  }
  options.onStart?.();
  try {
    await Promise.all(found.flatMap(({ role, spans }) => readAll(options, role, spans)));
    return { kind: 'ended' };
  } catch (error) {
    if (signal.aborted) return { kind: 'stopped' };
    throw error;
  }
}

function readAll(
  options: TailOptions,
  role: RecordRole | undefined,
  spans: readonly PartitionSpan[],
): readonly Promise<unknown>[] {
  const { cluster, range, signal, pace } = options;
  const isOpen = range.untilDatetime === undefined && range.offsets === undefined;
  const onRecords = async (records: readonly ConsumedRecord[]): Promise<void> => {
    for (const record of records) {
      if (signal.aborted) return;
      await give(options, role, record);
    }
  };
  if (!isOpen) return spans.map((span) => cluster.reader.read({ ...span, signal, onRecords }));
  if (pace === undefined) {
    return spans.map((span) => cluster.reader.read({ ...span, endOffset: NO_END, signal, onRecords }));
  }
  const budget = new ReadBudget(pace.recordsPerSecond);
  return spans.map((span) => readPaced({ reader: cluster.reader, span, signal, pace, budget, onRecords }));
}

/** `role` undefined: chunks of the ledger. */
function topicsOf(
  { topics }: Pick<Cluster, 'topics'>,
  what: TailedTopic,
): readonly { readonly topic: string; readonly role: RecordRole | undefined }[] {
  switch (what) {
    case 'events':
      return [{ topic: topics.segmentEvents.name, role: 'event' }];
    case 'commands':
      return [{ topic: topics.commands.name, role: 'command' }];
    case 'replayed-commands':
      return [{ topic: topics.replayedCommands.name, role: 'command' }];
    case 'deliveries':
      return [{ topic: topics.deliveries.name, role: undefined }];
    case 'dead-letters':
      return [topics.segmentEventsDeadLetters, topics.commandsDeadLetters].map(({ name }) => ({
        topic: name,
        role: 'dead letter',
      }));
  }
}

/** From the end of each partition, unless a start is asked for. */
async function findStarts(
  cluster: TailOptions['cluster'],
  topic: string,
  range: RangeRequest,
  nowMs: number,
): Promise<FoundSpans> {
  const { toEarliest, toDatetime, byDuration, untilDatetime, offsets } = range;
  if (offsets !== undefined || untilDatetime !== undefined) return findSpans(cluster, topic, range, nowMs);
  const hasStart = [toEarliest, toDatetime, byDuration].some((start) => start !== undefined);
  const asked: FoundSpans = hasStart ? await findSpans(cluster, topic, range, nowMs) : { kind: 'spans', spans: [] };
  if (asked.kind !== 'spans') return asked;
  const started = new Map(asked.spans.map((span) => [span.partition, span]));
  const spans = await Promise.all(
    (await cluster.admin.watermarks(topic)).map(async ({ partition }) => {
      const { lastStableOffset } = await cluster.reader.offsets(topic, partition);
      return started.get(partition) ?? { topic, partition, fromOffset: lastStableOffset, endOffset: lastStableOffset };
    }),
  );
  return { kind: 'spans', spans };
}

async function give(
  { filter, outcome, decoder, onItem, signal }: TailOptions,
  role: RecordRole | undefined,
  record: ConsumedRecord,
): Promise<void> {
  if (role !== undefined) {
    const described = await describeRecord(role, record, decoder);
    if (matchesRecordFilter(described, filter)) onItem({ kind: 'record', record: described });
    return;
  }
  if (record.value === null) return;
  for (const entry of decodeChunk(record.value).deliveries()) {
    if (signal.aborted) return;
    if (filter.connector !== undefined && entry.connectorId !== filter.connector) continue;
    if (outcome !== undefined && entry.outcome !== outcome) continue;
    onItem({ kind: 'delivery', delivery: { ...entry, topic: record.topic, partition: record.partition } });
  }
}
