/** Which dead letters a request is about: the parts of the topics to read, and a filter. */
import type { Cluster } from '../cluster/cluster.ts';
import {
  findSpans,
  offsetsIn,
  readSpans,
  type PartitionSpan,
  type RangeRefusal,
  type RangeRequest,
} from '../cluster/spans.ts';
import {
  deadLetterTopics,
  matchesDeadLetterFilter,
  readDeadLetter,
  roleOf,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterRole,
} from './core/dead-letter.ts';
import type { DeadLetterPosition } from './core/position.ts';

export interface SelectionRequest extends RangeRequest, DeadLetterFilter {
  /** `events`, `commands`, or the name of a topic; undefined: both. */
  readonly topic?: string;
}

export interface DeadLetterSpans {
  readonly role: DeadLetterRole;
  readonly spans: readonly PartitionSpan[];
}

export interface DeadLetterSelection {
  readonly parts: readonly DeadLetterSpans[];
  readonly filter: DeadLetterFilter;
  /** Offsets to read, for progress. */
  readonly offsets: number;
}

export type SelectionRefusal =
  | RangeRefusal
  /** `known`: the dead-letter topics. */
  | { readonly kind: 'unknown-topic'; readonly topic: string; readonly known: readonly string[] }
  | { readonly kind: 'offsets-of-both-topics' };

export type FoundSelection = { readonly kind: 'selection'; readonly selection: DeadLetterSelection } | SelectionRefusal;

export function selectionOf(parts: readonly DeadLetterSpans[], filter: DeadLetterFilter): DeadLetterSelection {
  return { parts, filter, offsets: offsetsIn(parts.flatMap(({ spans }) => spans)) };
}

/** As the topics are now: what is dead-lettered later is not part of it. */
export async function findSelection(
  cluster: Pick<Cluster, 'admin' | 'reader' | 'topics'>,
  request: SelectionRequest,
  nowMs: number,
): Promise<FoundSelection> {
  const names = deadLetterTopics(cluster.topics);
  const role = request.topic === undefined ? undefined : roleOf(cluster.topics, request.topic);
  if (request.topic !== undefined && role === undefined) {
    return { kind: 'unknown-topic', topic: request.topic, known: Object.values(names) };
  }
  if (request.offsets !== undefined && role === undefined) return { kind: 'offsets-of-both-topics' };
  const parts: DeadLetterSpans[] = [];
  for (const each of role === undefined ? (['events', 'commands'] as const) : [role]) {
    const found = await findSpans(cluster, names[each], request, nowMs);
    if (found.kind !== 'spans') return found;
    parts.push({ role: each, spans: found.spans });
  }
  return { kind: 'selection', selection: selectionOf(parts, request) };
}

/** Calls `onDeadLetters` with those that pass the filter, in the order of their offsets within each partition. */
export async function readDeadLetters(
  cluster: Pick<Cluster, 'reader'>,
  { parts, filter }: DeadLetterSelection,
  signal: AbortSignal,
  onDeadLetters: (deadLetters: readonly DeadLetter[], readRecords: number) => void | Promise<void>,
): Promise<void> {
  for (const { role, spans } of parts) {
    await readSpans(cluster, spans, signal, async (records) => {
      const deadLetters = records.map((record) => readDeadLetter(role, record));
      await onDeadLetters(
        deadLetters.filter((each) => matchesDeadLetterFilter(each, filter)),
        records.length,
      );
    });
  }
}

/** What a partition holds; undefined where the topic has no such partition. */
export interface PartitionBounds {
  readonly lowWatermark: bigint;
  readonly highWatermark: bigint;
}

export type FoundBounds =
  { readonly kind: 'bounds'; readonly bounds: PartitionBounds } | Extract<RangeRefusal, { kind: 'unknown-partition' }>;

export async function findBounds(
  { admin, reader }: Pick<Cluster, 'admin' | 'reader'>,
  { topic, partition }: Pick<DeadLetterPosition, 'topic' | 'partition'>,
): Promise<FoundBounds> {
  const numbers = (await admin.watermarks(topic)).map((each) => each.partition);
  if (!numbers.includes(partition)) {
    return { kind: 'unknown-partition', topic, unknown: [partition], partitions: numbers.length };
  }
  const { lowWatermark, highWatermark } = await reader.offsets(topic, partition);
  return { kind: 'bounds', bounds: { lowWatermark, highWatermark } };
}

/** One span for each position that is still there. */
export async function spansOfPositions(
  cluster: Pick<Cluster, 'admin' | 'reader'>,
  positions: readonly DeadLetterPosition[],
): Promise<{ readonly kind: 'spans'; readonly spans: readonly PartitionSpan[] } | RangeRefusal> {
  const spans: PartitionSpan[] = [];
  for (const group of Map.groupBy(positions, ({ topic, partition }) => `${topic}:${partition}`).values()) {
    const [first] = group;
    if (first === undefined) continue;
    const found = await findBounds(cluster, first);
    if (found.kind !== 'bounds') return found;
    const { lowWatermark, highWatermark } = found.bounds;
    for (const { topic, partition, offset } of group) {
      if (offset < lowWatermark || offset >= highWatermark) continue;
      spans.push({ topic, partition, fromOffset: offset, endOffset: offset + 1n });
    }
  }
  return { kind: 'spans', spans };
}
