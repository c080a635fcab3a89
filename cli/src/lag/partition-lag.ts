/** How far a service is behind on a partition, and when it will have caught up. Pure. */

/** What was seen of a partition at one moment. */
export interface LagSample {
  readonly atMs: number;
  /** Next offset that the service will read; undefined where it has committed none. */
  readonly committed: bigint | undefined;
  readonly lowWatermark: bigint;
  /** Up to here records may be read. */
  readonly endOffset: bigint;
}

/** What the first records that are not read yet tell. */
export interface UnreadRecords {
  readonly count: number;
  /** The sample reaches to the end of the partition, so the count is exact: markers of transactions have offsets too. */
  readonly isAll: boolean;
  readonly oldestAtMs: number | undefined;
  readonly byConnector: ReadonlyMap<string, number>;
}

export interface PartitionLag {
  readonly partition: number;
  readonly committed: bigint | undefined;
  readonly endOffset: bigint;
  readonly records: number;
  /** `records` counts offsets, of which some may be markers. */
  readonly isEstimate: boolean;
  /** Age of the oldest record that is not read yet; 0 where there is none. */
  readonly behindMs: number;
  readonly byConnector: Readonly<Record<string, number>>;
  /** Records a second between two samples; undefined after the first. */
  readonly inPerSecond: number | undefined;
  readonly outPerSecond: number | undefined;
  /** Undefined where it is not catching up, or cannot be told. */
  readonly catchUpMs: number | undefined;
}

/** Where a service reads on: without a commit, from what is still there. */
export function nextOffset({ committed, lowWatermark }: LagSample): bigint {
  return committed === undefined || committed < lowWatermark ? lowWatermark : committed;
}

export function partitionLag(
  partition: number,
  sample: LagSample,
  unread: UnreadRecords,
  earlier: LagSample | undefined,
): PartitionLag {
  const offsets = Number(sample.endOffset - nextOffset(sample));
  const records = unread.isAll ? unread.count : Math.max(0, offsets);
  const seconds = earlier === undefined ? 0 : (sample.atMs - earlier.atMs) / 1_000;
  const rate = (from: bigint, to: bigint): number | undefined =>
    seconds > 0 ? Math.max(0, Number(to - from)) / seconds : undefined;
  const inPerSecond = earlier && rate(earlier.endOffset, sample.endOffset);
  const outPerSecond = earlier && rate(nextOffset(earlier), nextOffset(sample));
  return {
    partition,
    committed: sample.committed,
    endOffset: sample.endOffset,
    records,
    isEstimate: !unread.isAll,
    behindMs: unread.oldestAtMs === undefined ? 0 : Math.max(0, sample.atMs - unread.oldestAtMs),
    byConnector: share(unread, records),
    inPerSecond,
    outPerSecond,
    catchUpMs: catchUpMs(records, inPerSecond, outPerSecond),
  };
}

/** All partitions of a service as one. */
export function sumLag(
  partitions: readonly PartitionLag[],
): Omit<PartitionLag, 'partition' | 'committed' | 'endOffset'> {
  const sum = (of: (lag: PartitionLag) => number): number => partitions.reduce((total, lag) => total + of(lag), 0);
  const isRated = partitions.length > 0 && partitions.every(({ outPerSecond }) => outPerSecond !== undefined);
  const records = sum((lag) => lag.records);
  const inPerSecond = isRated ? sum((lag) => lag.inPerSecond ?? 0) : undefined;
  const outPerSecond = isRated ? sum((lag) => lag.outPerSecond ?? 0) : undefined;
  const byConnector: Record<string, number> = {};
  for (const lag of partitions) {
    for (const [connector, count] of Object.entries(lag.byConnector)) {
      byConnector[connector] = (byConnector[connector] ?? 0) + count;
    }
  }
  return {
    records,
    isEstimate: partitions.some(({ isEstimate }) => isEstimate),
    behindMs: Math.max(0, ...partitions.map(({ behindMs }) => behindMs)),
    byConnector,
    inPerSecond,
    outPerSecond,
    catchUpMs: catchUpMs(records, inPerSecond, outPerSecond),
  };
}

function catchUpMs(
  records: number,
  inPerSecond: number | undefined,
  outPerSecond: number | undefined,
): number | undefined {
  if (records === 0) return 0;
  if (inPerSecond === undefined || outPerSecond === undefined || outPerSecond <= inPerSecond) return undefined;
  return (records * 1_000) / (outPerSecond - inPerSecond);
}

/** The sample's shares of all records. */
function share({ count, byConnector }: UnreadRecords, records: number): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...byConnector].map(([connector, sampled]) => [
      connector,
      count === 0 ? 0 : Math.round((sampled * records) / count),
    ]),
  );
}
