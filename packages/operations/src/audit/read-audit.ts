/** Reads the audit, newest first, in pages of bounded size and with bounded reads. */
import type { ConsumedRecord } from '@astrolabe/records';
import type { Cluster } from '../cluster/cluster.ts';
import { hasTopic } from '../cluster/has-topic.ts';
import { AuditPage, auditEntryJson, type AuditCursor, type AuditEntry, type AuditFilter } from './core/audit-page.ts';

type ReadingCluster = Pick<Cluster, 'topics' | 'reader' | 'inspector'>;

export interface AuditPageRequest {
  readonly filter: AuditFilter;
  /** Most actions in a page. */
  readonly limit: number;
  /** Undefined: the newest ones. */
  readonly from: AuditCursor | undefined;
}

export type ReadAuditPage =
  | {
      readonly kind: 'page';
      readonly entries: readonly AuditEntry[];
      /** Undefined: there is nothing older. A page may have fewer entries than asked for, and others after it. */
      readonly next: AuditCursor | undefined;
    }
  /** After an upgrade, until "topics apply" has run. */
  | { readonly kind: 'no-topic'; readonly topic: string };

const PARTITION = 0;
/** Offsets that are read in one go. */
const WINDOW = 500n;
/** Offsets that are read for one page, however few of them match. */
const MAX_SCANNED = 20_000n;

export async function readAuditPage(
  cluster: ReadingCluster,
  { filter, limit, from }: AuditPageRequest,
  signal: AbortSignal,
): Promise<ReadAuditPage> {
  const topic = cluster.topics.audit.name;
  if (!(await hasTopic(cluster, topic))) return { kind: 'no-topic', topic };
  const { lowWatermark, lastStableOffset } = await cluster.reader.offsets(topic, PARTITION);
  const start = from !== undefined && from.beforeOffset < lastStableOffset ? from.beforeOffset : lastStableOffset;
  const page = new AuditPage(filter, limit, { beforeOffset: start, pending: from?.pending ?? [] });
  const floor = later(lowWatermark, start - MAX_SCANNED);
  while (!page.isFull && !page.isPeriodPassed && page.cursor.beforeOffset > floor) {
    const endOffset = page.cursor.beforeOffset;
    const fromOffset = later(floor, endOffset - WINDOW);
    const records: ConsumedRecord[] = [];
    const range = { topic, partition: PARTITION, fromOffset, endOffset, signal };
    await cluster.reader.read({ ...range, onRecords: (read) => void records.push(...read) });
    page.takeBackwards(records.toReversed());
    page.passed(fromOffset);
  }
  const isEnd = page.isPeriodPassed || page.cursor.beforeOffset <= lowWatermark;
  return { kind: 'page', entries: page.entries, next: isEnd ? undefined : page.cursor };
}

const EXPORT_PAGE = 500;

/** Every action that matches as a line of JSON, newest first, each with its line break. Holds one page at a time. */
export async function* exportAudit(
  cluster: ReadingCluster,
  filter: AuditFilter,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let from: AuditCursor | undefined;
  do {
    const page = await readAuditPage(cluster, { filter, limit: EXPORT_PAGE, from }, signal);
    if (page.kind === 'no-topic') return;
    for (const entry of page.entries) yield `${JSON.stringify(auditEntryJson(entry))}\n`;
    from = page.next;
  } while (from !== undefined);
}

function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
