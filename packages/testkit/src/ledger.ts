/**
 * Produced against observed, entry by entry. Counts are not enough: one record lost and another delivered twice add up.
 *
 * Two books are kept: by position (`topic:partition:offset`) and by command id. A test fills either or both; a book
 * that nothing was produced into holds no opinion on what is missing, but everything observed in it is unexpected.
 */

export interface LedgerPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

export interface LedgerEntry {
  readonly position?: LedgerPosition;
  readonly commandId?: string;
  /**
   * What has to be seen in the order of production: the record's key where work runs concurrently across keys. Default:
   * the topic and partition; an entry without a position has no order unless it names a lane.
   */
  readonly lane?: string;
}

export interface RepeatedEntry {
  readonly id: string;
  readonly times: number;
}

export interface MisorderedEntry {
  readonly lane: string;
  /** Observed for the first time after `after`, though produced before it. */
  readonly id: string;
  readonly after: string;
}

/** Ids are `topic:partition:offset` or `command:<id>`, each list in the order of production (or observation). */
export interface LedgerReport {
  /** Distinct ids. */
  readonly produced: number;
  readonly observed: number;
  readonly missing: readonly string[];
  readonly duplicated: readonly RepeatedEntry[];
  readonly outOfOrder: readonly MisorderedEntry[];
  /** Observed but never produced. */
  readonly unexpected: readonly string[];
}

export type LedgerFault = 'missing' | 'duplicated' | 'outOfOrder' | 'unexpected';

export interface Ledger {
  /** In the order of production. Producing an id twice throws: the test itself would be wrong. */
  produced(entry: LedgerEntry): void;
  /** In the order of observation. */
  observed(entry: LedgerEntry): void;
  report(): LedgerReport;
  /** Throws unless everything produced was observed once, in order, and nothing else. */
  assertExactlyOnce(): void;
  /** As `assertExactlyOnce`, but tolerates repetitions. */
  assertAtLeastOnce(): void;
}

export function positionId({ topic, partition, offset }: LedgerPosition): string {
  return `${topic}:${partition}:${offset}`;
}

interface ProducedId {
  readonly lane: string | undefined;
  /** Place in the order of production. */
  readonly sequence: number;
}

export function createLedger(): Ledger {
  const producedIds = new Map<string, ProducedId>();
  const observedCounts = new Map<string, number>();

  function report(): LedgerReport {
    return {
      produced: producedIds.size,
      observed: observedCounts.size,
      missing: [...producedIds.keys()].filter((id) => !observedCounts.has(id)),
      duplicated: [...observedCounts].filter(([, times]) => times > 1).map(([id, times]) => ({ id, times })),
      outOfOrder: findMisordered(producedIds, observedCounts.keys()),
      unexpected: [...observedCounts.keys()].filter((id) => !producedIds.has(id)),
    };
  }

  function assertWithout(faults: readonly LedgerFault[]): void {
    const found = report();
    if (faults.some((fault) => found[fault].length > 0)) throw new Error(describeReport(found, faults));
  }

  return {
    produced(entry) {
      const sequence = producedIds.size;
      for (const { id, lane } of idsOf(entry)) {
        if (producedIds.has(id)) throw new Error(`${id} was entered as produced twice`);
        producedIds.set(id, { lane, sequence });
      }
    },
    observed(entry) {
      for (const { id } of idsOf(entry)) observedCounts.set(id, (observedCounts.get(id) ?? 0) + 1);
    },
    report,
    assertExactlyOnce: () => assertWithout(['missing', 'duplicated', 'outOfOrder', 'unexpected']),
    assertAtLeastOnce: () => assertWithout(['missing', 'outOfOrder', 'unexpected']),
  };
}

function idsOf({ position, commandId, lane }: LedgerEntry): { id: string; lane: string | undefined }[] {
  const ids: { id: string; lane: string | undefined }[] = [];
  if (position !== undefined) {
    ids.push({ id: positionId(position), lane: lane ?? `${position.topic}:${position.partition}` });
  }
  // Lanes of the two books are kept apart: otherwise the ids of one entry would be compared with each other.
  if (commandId !== undefined) ids.push({ id: `command:${commandId}`, lane: lane && `command:${lane}` });
  if (ids.length === 0) throw new Error('a ledger entry needs a position or a command id');
  return ids;
}

/** Only first observations count: a repetition is a duplicate, not a breach of order. */
function findMisordered(
  producedIds: ReadonlyMap<string, ProducedId>,
  firstObservations: Iterable<string>,
): MisorderedEntry[] {
  const newestByLane = new Map<string, { id: string; sequence: number }>();
  const misordered: MisorderedEntry[] = [];
  for (const id of firstObservations) {
    const produced = producedIds.get(id);
    if (produced?.lane === undefined) continue;
    const { lane, sequence } = produced;
    const newest = newestByLane.get(lane);
    if (newest !== undefined && newest.sequence > sequence) misordered.push({ lane, id, after: newest.id });
    else newestByLane.set(lane, { id, sequence });
  }
  return misordered;
}

const LISTED = 10;

function describeReport(report: LedgerReport, faults: readonly LedgerFault[]): string {
  const texts: Record<LedgerFault, readonly string[]> = {
    missing: report.missing,
    duplicated: report.duplicated.map(({ id, times }) => `${id} (${times} times)`),
    outOfOrder: report.outOfOrder.map(({ id, after, lane }) => `${id} after ${after} in lane ${lane}`),
    unexpected: report.unexpected,
  };
  const lines = faults
    .filter((fault) => texts[fault].length > 0)
    .map((fault) => {
      const listed = texts[fault].slice(0, LISTED).join(', ');
      const more = texts[fault].length - LISTED;
      return `  ${fault} ${texts[fault].length}: ${listed}${more > 0 ? `, and ${more} more` : ''}`;
    });
  return [`${report.produced} produced, ${report.observed} observed, and they do not balance:`, ...lines].join('\n');
}
