/** What a replay is to do and how far it has come: its record on `astrolabe.replays.v1`. Pure. */
import { toOffsetJson } from '../../core/offset-json.ts';
import { parseOffsetRanges, type OffsetRange } from '../../core/offset-ranges.ts';

export type ReplaySource = 'events' | 'commands';

/** As it was asked for. A later run under the same id may leave it out, but not change it. */
export interface ReplayRequest {
  readonly source: ReplaySource;
  readonly toEarliest?: boolean;
  /** Epoch milliseconds, as `untilDatetime`. */
  readonly toDatetime?: number;
  /** Milliseconds back from the first run's start. */
  readonly byDuration?: number;
  readonly untilDatetime?: number;
  /** Written by `offsetsText`. */
  readonly offsets?: string;
  readonly connector?: readonly string[];
  readonly user?: string;
  readonly account?: string;
  readonly type?: string;
  readonly event?: string;
  readonly force?: boolean;
  readonly includeReplayed?: boolean;
}

/** Part of a partition that is replayed: up to `endOffset`, which is fixed, and done below `position`. */
export interface ReplaySpan {
  readonly partition: number;
  readonly fromOffset: bigint;
  readonly endOffset: bigint;
  position: bigint;
}

/** Of the records read. `read` is `replayedBefore` + `filteredOut` + `unsendable` + `knownToLedger` + `sent`. */
export interface ReplayCounts {
  read: number;
  /** Copies that an earlier replay wrote. */
  replayedBefore: number;
  filteredOut: number;
  /**
   * Larger than the topic accepts once they are decompressed, or in a batch that cannot be read: skipped, and reported.
   */
  unsendable: number;
  /** Commands that the ledger has as delivered: not sent. */
  knownToLedger: number;
  sent: number;
}

export interface ReplayState {
  readonly id: string;
  readonly request: ReplayRequest;
  readonly startedAt: string;
  readonly spans: readonly ReplaySpan[];
  /** Where to look for the outcomes: the ends of the topics at the start, by topic and partition. */
  readonly watchFrom: Readonly<Record<string, readonly bigint[]>>;
  /** Ids of the topics that the offsets refer to, by name. Empty where the brokers give none. */
  readonly topicIds: TopicIds;
  readonly counts: ReplayCounts;
}

export type TopicIds = Readonly<Record<string, string>>;

/** What is done with a record that was read: it is sent, or not, and why. */
export type SortedAs = 'replayedBefore' | 'filteredOut' | 'unsendable' | 'known' | 'send';

export function countSorted(counts: ReplayCounts, sortedAs: SortedAs): void {
  counts.read += 1;
  if (sortedAs === 'send') counts.sent += 1;
  else if (sortedAs === 'known') counts.knownToLedger += 1;
  else counts[sortedAs] += 1;
}

/** The records of a batch that cannot be read are unknown, so its offsets are counted. */
export function countUnreadable(counts: ReplayCounts, offsets: number): void {
  counts.read += offsets;
  counts.unsendable += offsets;
}

export const noCounts = (): ReplayCounts => ({
  read: 0,
  replayedBefore: 0,
  filteredOut: 0,
  unsendable: 0,
  knownToLedger: 0,
  sent: 0,
});

export function encodeState(state: ReplayState): Buffer {
  return Buffer.from(toOffsetJson(state), 'utf8');
}

/** JSON has offsets as numbers, or as text where a number would round them. */
interface StoredState extends Omit<ReplayState, 'spans' | 'watchFrom' | 'topicIds' | 'counts'> {
  readonly spans: readonly Readonly<Record<'partition' | 'fromOffset' | 'endOffset' | 'position', number | string>>[];
  readonly watchFrom: Readonly<Record<string, readonly (number | string)[]>>;
  /** Absent in what a version before ids has stored. */
  readonly topicIds?: TopicIds;
  /** `unsendable` likewise. */
  readonly counts: Omit<ReplayCounts, 'unsendable'> & Partial<ReplayCounts>;
}

/** Throws on what `encodeState` did not make. */
export function decodeState(value: Buffer): ReplayState {
  const stored = JSON.parse(value.toString('utf8')) as StoredState;
  return {
    ...stored,
    topicIds: stored.topicIds ?? {},
    counts: { ...noCounts(), ...stored.counts },
    spans: stored.spans.map(({ partition, fromOffset, endOffset, position }) => ({
      partition: Number(partition),
      fromOffset: BigInt(fromOffset),
      endOffset: BigInt(endOffset),
      position: BigInt(position),
    })),
    watchFrom: Object.fromEntries(
      Object.entries(stored.watchFrom).map(([topic, offsets]) => [topic, offsets.map((offset) => BigInt(offset))]),
    ),
  };
}

/**
 * Names of what is asked for and differs from what the replay was started with; empty where it is the same, or left
 * out.
 */
export function differencesFrom(started: ReplayRequest, typed: ReplayRequest): (keyof ReplayRequest)[] {
  return (Object.keys(typed) as (keyof ReplayRequest)[]).filter(
    (name) => JSON.stringify(typed[name]) !== JSON.stringify(started[name]),
  );
}

/** Where the replay's consumer group is: the first offset of each partition that is still to be read. */
export function positionsOf(spans: readonly ReplaySpan[]): Map<number, bigint> {
  const positions = new Map<number, bigint>();
  for (const [partition, group] of Map.groupBy(spans, (span) => span.partition)) {
    const next = group.find(({ position, endOffset }) => position < endOffset) ?? group.at(-1);
    if (next !== undefined) positions.set(partition, next.position);
  }
  return positions;
}

/**
 * How far a replay has come. Reading counts, since a range of commands that the ledger knows is read to its end and
 * sends none; the share is that of offsets read, times that of sent records that have ended (`settled`).
 */
export function replayProgress(
  { spans, counts }: Pick<ReplayState, 'spans' | 'counts'>,
  settled: number,
): { readonly done: number; readonly share: number } {
  const total = spans.reduce((sum, span) => sum + Number(span.endOffset - span.fromOffset), 0);
  const read = spans.reduce((sum, span) => sum + Number(span.position - span.fromOffset), 0);
  const ended = counts.sent === 0 ? 1 : settled / counts.sent;
  return { done: counts.read, share: total === 0 ? 1 : (read / total) * ended };
}

/** The same ranges are the same text, however they were typed. */
export function offsetsText(ranges: readonly OffsetRange[]): string {
  return ranges
    .map(({ partition, firstOffset, lastOffset }) => `${partition}:${firstOffset}-${lastOffset ?? ''}`)
    .join(',');
}

/** Reads what `offsetsText` has written. */
export function offsetRangesOf({ offsets }: ReplayRequest): readonly OffsetRange[] | undefined {
  if (offsets === undefined) return undefined;
  const parsed = parseOffsetRanges(offsets);
  if (parsed.kind === 'invalid') throw new Error(`the offsets of a replay cannot be read: ${parsed.reason}`);
  return parsed.ranges;
}
