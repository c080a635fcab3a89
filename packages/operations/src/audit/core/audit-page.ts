/**
 * Pages of the audit, newest first, put together from records that are read backwards. An action is told by its end;
 * where there is none, by its begin. Pure.
 */
import type { ConsumedRecord } from '@astrolabe/records';
import { readAuditRecord, type AuditResult, type ReadAction } from './audit-record.ts';

/** Each part that is given has to match. */
export interface AuditFilter {
  readonly action?: string;
  /** Name of the caller. */
  readonly who?: string;
  /** Begun at this time or later. Epoch milliseconds. */
  readonly sinceMs?: number;
  /** Begun before this time. */
  readonly untilMs?: number;
}

/** An action with its end, as far as it is known. */
export interface AuditEntry extends ReadAction {
  /** Undefined: it is under way, or its process died before it could store the end. */
  readonly end: { readonly atMs: number; readonly result: AuditResult } | undefined;
}

/** Where the next page goes on. */
export interface AuditCursor {
  /** The first offset that has been read already. */
  readonly beforeOffset: bigint;
  /** Of actions whose end has been given out, and whose begin has not been passed yet. */
  readonly pending: readonly string[];
}

/** Times of records are those of the machines that stored them. */
const CLOCK_SKEW_MS = 600_000;

/** More actions than these are never under way at the same time; a cursor stays short. */
const MAX_PENDING = 100;

export function matchesAuditFilter({ action, caller, begunAtMs }: ReadAction, filter: AuditFilter): boolean {
  return (
    (filter.action === undefined || filter.action === action) &&
    (filter.who === undefined || filter.who === caller.name) &&
    (filter.sinceMs === undefined || begunAtMs >= filter.sinceMs) &&
    (filter.untilMs === undefined || begunAtMs < filter.untilMs)
  );
}

export class AuditPage {
  readonly #filter: AuditFilter;
  readonly #limit: number;
  readonly #entries: AuditEntry[] = [];
  readonly #pending: Set<string>;
  /** A begin that was stored twice, because the brokers did not answer in time, is one action. */
  readonly #given = new Set<string>();
  #beforeOffset: bigint;
  #isPeriodPassed = false;

  constructor(filter: AuditFilter, limit: number, from: AuditCursor) {
    this.#filter = filter;
    this.#limit = limit;
    this.#beforeOffset = from.beforeOffset;
    this.#pending = new Set(from.pending);
  }

  get isFull(): boolean {
    return this.#entries.length >= this.#limit;
  }

  /** What is older was begun before the period. */
  get isPeriodPassed(): boolean {
    return this.#isPeriodPassed;
  }

  get entries(): readonly AuditEntry[] {
    return this.#entries;
  }

  get cursor(): AuditCursor {
    return { beforeOffset: this.#beforeOffset, pending: [...this.#pending] };
  }

  /** Records below the cursor, newest first. Stops at a full page. */
  takeBackwards(newestFirst: Iterable<ConsumedRecord>): void {
    for (const record of newestFirst) {
      if (this.isFull) return;
      this.#beforeOffset = record.offset;
      this.#take(record);
    }
  }

  /** Everything from `offset` on has been read. */
  passed(offset: bigint): void {
    if (!this.isFull) this.#beforeOffset = offset;
  }

  #take(record: ConsumedRecord): void {
    // The record's time is that of its storing: what is below was stored, and so begun, earlier.
    const { sinceMs } = this.#filter;
    if (sinceMs !== undefined && record.timestampMs < sinceMs - CLOCK_SKEW_MS) {
      this.#isPeriodPassed = true;
      return;
    }
    const read = readAuditRecord(record);
    if (read.kind === 'unreadable') return;
    const { action } = read;
    if (read.kind === 'begun') {
      if (!this.#pending.delete(action.id)) this.#add({ ...action, end: undefined });
      return;
    }
    // Two processes may have carried a job on and ended it: the later end counts, and the earlier one tells the same.
    if (this.#pending.has(action.id)) return;
    this.#keepPending(action.id);
    this.#add({ ...action, end: { atMs: read.endedAtMs, result: read.result } });
  }

  #keepPending(id: string): void {
    this.#pending.add(id);
    const [oldest] = this.#pending;
    if (this.#pending.size > MAX_PENDING && oldest !== undefined) this.#pending.delete(oldest);
  }

  #add(entry: AuditEntry): void {
    if (this.#given.has(entry.id)) return;
    this.#given.add(entry.id);
    if (matchesAuditFilter(entry, this.#filter)) this.#entries.push(entry);
  }
}

export function cursorText({ beforeOffset, pending }: AuditCursor): string {
  return [beforeOffset, ...pending].join('~');
}

/** Undefined for text that `cursorText` did not make. */
export function parseCursor(text: string): AuditCursor | undefined {
  const [offset = '', ...pending] = text.split('~');
  if (!/^\d{1,18}$/.test(offset) || pending.length > MAX_PENDING) return undefined;
  if (!pending.every((id) => /^[\w.-]{1,64}$/.test(id))) return undefined;
  return { beforeOffset: BigInt(offset), pending };
}

/** As the program and the API give it out, times as ISO text. The stored request of a job is not repeated. */
export function auditEntryJson({ id, action, caller, about, request, before, begunAtMs, end }: AuditEntry): object {
  return {
    id,
    action,
    caller,
    about,
    ...(request !== undefined && { request }),
    ...(before !== undefined && { before }),
    begunAt: new Date(begunAtMs).toISOString(),
    ...(end !== undefined && { endedAt: new Date(end.atMs).toISOString(), result: end.result }),
  };
}
