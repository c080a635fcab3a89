/** Jobs as the audit has them: begun, ended, and those whose end was asked for. Pure. */
import type { AuditRecord, AuditResult, ReadAction } from '../../audit/core/audit-record.ts';
import { readStoredJob, type StoredJob } from './stored-job.ts';

export interface KnownJob {
  readonly begun: ReadAction;
  /** Undefined: a newer version has begun it; this one leaves it alone. */
  readonly job: StoredJob | undefined;
  readonly isCancelAsked: boolean;
  readonly end: { readonly atMs: number; readonly result: AuditResult } | undefined;
}

/** The job that a cancellation is about. */
export function cancelledJobOf({ action, request }: ReadAction): string | undefined {
  const id = request?.['job'];
  return action === 'cancel-job' && typeof id === 'string' ? id : undefined;
}

export class JobTable {
  readonly #keptEnded: number;
  readonly #jobs = new Map<string, KnownJob>();

  /** `keptEnded`: so many jobs that are over are kept, the latest ones. */
  constructor(keptEnded: number) {
    this.#keptEnded = keptEnded;
  }

  /** In the order of the topic. */
  apply(record: AuditRecord): void {
    if (record.kind === 'unreadable') return;
    const { action } = record;
    const cancelled = cancelledJobOf(action);
    if (cancelled !== undefined) this.#change(cancelled, { isCancelAsked: true });
    if (action.job === undefined) return;
    if (record.kind === 'begun') {
      const job = readStoredJob(action.job);
      if (!this.#jobs.has(action.id)) {
        this.#jobs.set(action.id, { begun: action, job, isCancelAsked: false, end: undefined });
      }
      return;
    }
    // Two consoles may have ended it: the first end is the one that people were told.
    if (this.#jobs.get(action.id)?.end !== undefined) return;
    this.#change(action.id, { end: { atMs: record.endedAtMs, result: record.result } });
    this.#forgetOldest();
  }

  get(id: string): KnownJob | undefined {
    return this.#jobs.get(id);
  }

  /** In the order of their begin. */
  all(): readonly KnownJob[] {
    return [...this.#jobs.values()];
  }

  #change(id: string, change: Partial<KnownJob>): void {
    const known = this.#jobs.get(id);
    if (known !== undefined) this.#jobs.set(id, { ...known, ...change });
  }

  #forgetOldest(): void {
    const ended = [...this.#jobs].filter(([, { end }]) => end !== undefined);
    for (const [id] of ended.slice(0, Math.max(0, ended.length - this.#keptEnded))) this.#jobs.delete(id);
  }
}
