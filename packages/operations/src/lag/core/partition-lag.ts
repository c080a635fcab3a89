/** How far a service is behind on a partition, and when it will have caught up. Pure. */
import type { ConnectorOffsets } from '@astrolabe/records';

/** What was seen of a partition at one moment. */
export interface LagSample {
  readonly atMs: number;
  /** Next offset that the service will read; undefined where it has committed none. */
  readonly committed: bigint | undefined;
  /** By connector that lags behind `committed`, the first offset of it that may be unfinished (`docs/adr/0009`). */
  readonly cursors: ConnectorOffsets;
  readonly lowWatermark: bigint;
  /** Up to here records may be read: where the first open transaction begins. */
  readonly readableEnd: bigint;
  /** Where the partition ends: what lies between cannot be read before the transaction ends. */
  readonly endOffset: bigint;
}

/** What the first records that are not read yet tell. */
export interface UnreadRecords {
  readonly count: number;
  /**
   * The sample reaches to the readable end of the partition, so the count is exact: markers of transactions have
   * offsets too.
   */
  readonly isAll: boolean;
  readonly oldestAtMs: number | undefined;
  readonly byConnector: ReadonlyMap<string, number>;
  /** Of connectors with a cursor of their own: what is between it and `committed`. */
  readonly behindCursors: ReadonlyMap<string, BehindCursor>;
}

/** A connector's own records from its cursor on, up to the offset that the others have come to. */
export interface BehindCursor {
  readonly records: number;
  /** Extrapolated from the records of the first offsets. */
  readonly isEstimate: boolean;
  readonly oldestAtMs: number | undefined;
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
  /** Undefined where it is not catching up, or that is unknown. */
  readonly catchUpMs: number | undefined;
  /** Of `records`, those behind the cursors of connectors that lag. `outPerSecond` leaves them out. */
  readonly cursorRecords: number;
  /** Records a second by which these cursors have moved; undefined as `outPerSecond` is. */
  readonly cursorOutPerSecond: number | undefined;
  /** When the last of these connectors will have reached the end; 0 where none lags. As `catchUpMs` otherwise. */
  readonly cursorCatchUpMs: number | undefined;
  /**
   * Since which offset the records are held by a transaction that was open at both samples; undefined where none is.
   */
  readonly heldFrom: bigint | undefined;
}

export type TotalLag = Omit<PartitionLag, 'partition' | 'committed' | 'endOffset' | 'heldFrom'>;

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
  const heldFrom = heldSince(sample, earlier);
  const heldOffsets = Number(sample.endOffset - sample.readableEnd);
  const ahead = unread.isAll ? unread.count + heldOffsets : Math.max(0, offsets);
  const lagging = [...unread.behindCursors.values()];
  const cursorRecords = lagging.reduce((total, { records }) => total + records, 0);
  const records = ahead + cursorRecords;
  const oldest = [unread.oldestAtMs, ...lagging.map(({ oldestAtMs }) => oldestAtMs)].filter(
    (atMs) => atMs !== undefined,
  );
  const seconds = earlier === undefined ? 0 : (sample.atMs - earlier.atMs) / 1_000;
  const rate = (from: bigint, to: bigint): number | undefined =>
    seconds > 0 ? Math.max(0, Number(to - from)) / seconds : undefined;
  const inPerSecond = earlier && rate(earlier.endOffset, sample.endOffset);
  const outPerSecond = earlier && rate(nextOffset(earlier), nextOffset(sample));
  const cursorsMs = cursorCatchUpMs(sample, unread, earlier, seconds);
  const cursorOutPerSecond = earlier && cursorRate(sample, unread, earlier, seconds);
  return {
    partition,
    committed: sample.committed,
    endOffset: sample.endOffset,
    records,
    isEstimate: !unread.isAll || heldOffsets > 0 || lagging.some(({ isEstimate }) => isEstimate),
    behindMs: oldest.length === 0 ? 0 : Math.max(0, sample.atMs - Math.min(...oldest)),
    byConnector: share(unread, ahead),
    inPerSecond,
    outPerSecond,
    catchUpMs: heldFrom === undefined ? later(catchUpMs(ahead, inPerSecond, outPerSecond), cursorsMs) : undefined,
    cursorRecords,
    cursorOutPerSecond,
    cursorCatchUpMs: cursorsMs,
    heldFrom,
  };
}

/** A transaction that was open at one sample only blocks nothing for long. */
function heldSince({ readableEnd, endOffset }: LagSample, earlier: LagSample | undefined): bigint | undefined {
  if (readableEnd === endOffset || earlier === undefined) return undefined;
  return earlier.readableEnd === readableEnd && earlier.endOffset > readableEnd ? readableEnd : undefined;
}

/** All partitions of a service as one. */
export function sumLag(partitions: readonly PartitionLag[]): TotalLag {
  const sum = (of: (lag: PartitionLag) => number): number => partitions.reduce((total, lag) => total + of(lag), 0);
  const isRated = partitions.length > 0 && partitions.every(({ outPerSecond }) => outPerSecond !== undefined);
  const records = sum((lag) => lag.records);
  const inPerSecond = isRated ? sum((lag) => lag.inPerSecond ?? 0) : undefined;
  const outPerSecond = isRated ? sum((lag) => lag.outPerSecond ?? 0) : undefined;
  const cursorRecords = sum((lag) => lag.cursorRecords);
  const cursorOutPerSecond = isRated ? sum((lag) => lag.cursorOutPerSecond ?? 0) : undefined;
  const cursorsMs = partitions.reduce<number | undefined>((latest, lag) => later(latest, lag.cursorCatchUpMs), 0);
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
    catchUpMs: partitions.some(({ heldFrom }) => heldFrom !== undefined)
      ? undefined
      : later(catchUpMs(records - cursorRecords, inPerSecond, outPerSecond), cursorsMs),
    cursorRecords,
    cursorOutPerSecond,
    cursorCatchUpMs: cursorsMs,
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

/**
 * A cursor counts offsets, and other connectors have records among them. This one is taken to have the same share of
 * the offsets that the cursor has passed as of those that it still has to pass.
 */
function cursorRate(
  sample: LagSample,
  { behindCursors }: UnreadRecords,
  earlier: LagSample,
  seconds: number,
): number | undefined {
  if (seconds <= 0) return undefined;
  let perSecond = 0;
  for (const [connector, { records }] of behindCursors) {
    const to = sample.cursors.get(connector);
    const from = earlier.cursors.get(connector);
    if (to === undefined || from === undefined || to <= from) continue;
    const offsetsBehind = Number(nextOffset(sample) - to);
    const ownShare = offsetsBehind > 0 ? Math.min(1, records / offsetsBehind) : 1;
    perSecond += (Number(to - from) * ownShare) / seconds;
  }
  return perSecond;
}

/** A cursor has to come to the end of the partition, which moves on. */
function cursorCatchUpMs(
  { cursors, endOffset }: LagSample,
  { behindCursors }: UnreadRecords,
  earlier: LagSample | undefined,
  seconds: number,
): number | undefined {
  let latest: number | undefined = 0;
  for (const [connector, { records }] of behindCursors) {
    const to = cursors.get(connector);
    const from = earlier?.cursors.get(connector);
    if (records === 0 || to === undefined) continue;
    if (earlier === undefined || from === undefined || seconds <= 0) return undefined;
    const rate = (before: bigint, now: bigint): number => Number(now - before) / seconds;
    latest = later(latest, catchUpMs(Number(endOffset - to), rate(earlier.endOffset, endOffset), rate(from, to)));
  }
  return latest;
}

/** Undefined is never. */
function later(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : Math.max(a, b);
}

/** The sample's shares of what no service has come to, and what is behind the cursors. */
function share(
  { count, byConnector, behindCursors }: UnreadRecords,
  records: number,
): Readonly<Record<string, number>> {
  const shares = Object.fromEntries(
    [...byConnector].map(([connector, sampled]) => [
      connector,
      count === 0 ? 0 : Math.round((sampled * records) / count),
    ]),
  );
  for (const [connector, behind] of behindCursors) shares[connector] = (shares[connector] ?? 0) + behind.records;
  return shares;
}
