/** What is shown of jobs: what the audit says of each, and how far the one is that runs here. */
import type { AuditResult, ReadAction } from '../audit/core/audit-record.ts';
import type { ProgressSnapshot } from '../cluster/cluster.ts';
import { isJobOver, movedTo, type JobPhase } from './core/job-phase.ts';
import type { JobTable, KnownJob } from './core/job-table.ts';
import type { StoredJob } from './core/stored-job.ts';

export interface JobView extends ReadAction {
  readonly phase: JobPhase;
  /** Why it waits, where it was under way before. */
  readonly reason?: string;
  readonly progress?: ProgressSnapshot;
  readonly end?: { readonly atMs: number; readonly result: AuditResult };
}

interface LiveJob {
  readonly phase: JobPhase;
  readonly reason?: string | undefined;
  readonly progress?: ProgressSnapshot;
}

export type OpenJob = KnownJob & { readonly job: StoredJob };

/** `refused` never comes of a job that has begun. */
const phaseOfResult: Readonly<Record<AuditResult['kind'], JobPhase>> = {
  done: 'done',
  refused: 'failed',
  cancelled: 'cancelled',
  failed: 'failed',
};

export class JobBoard {
  readonly #table: JobTable;
  readonly #live = new Map<string, LiveJob>();

  constructor(table: JobTable) {
    this.#table = table;
  }

  move(id: string, to: JobPhase): void {
    const { reason: _reason, ...before } = this.#live.get(id) ?? { phase: 'waiting' as const };
    this.#live.set(id, { ...before, phase: movedTo(before.phase, to) });
  }

  /** It was under way, and is to be again. A job whose end was asked for stays so. */
  wait(id: string, reason: string): void {
    const before = this.#live.get(id);
    if (before?.phase === 'cancelling') return;
    this.move(id, 'waiting');
    this.#live.set(id, { ...this.#live.get(id), phase: 'waiting', reason });
  }

  setProgress(id: string, progress: ProgressSnapshot): void {
    const live = this.#live.get(id);
    if (live !== undefined) this.#live.set(id, { ...live, progress });
  }

  isEnded(id: string): boolean {
    return this.#table.get(id)?.end !== undefined;
  }

  isCancelAsked(id: string): boolean {
    return this.#table.get(id)?.isCancelAsked === true;
  }

  /** Takes over what the audit says: jobs end there. */
  settle(): void {
    for (const [id, live] of this.#live) {
      const known = this.#table.get(id);
      if (known === undefined) this.#live.delete(id);
      else if (known.end !== undefined && !isJobOver(live.phase)) this.move(id, phaseOfResult[known.end.result.kind]);
    }
  }

  /** The one that was begun first of those that this version can carry on. */
  firstOpen(): OpenJob | undefined {
    return this.#table.all().find((known): known is OpenJob => known.end === undefined && known.job !== undefined);
  }

  find(id: string): JobView | undefined {
    const known = this.#table.get(id);
    return known === undefined ? undefined : this.#viewOf(known);
  }

  list(): readonly JobView[] {
    return this.#table
      .all()
      .map((known) => this.#viewOf(known))
      .toReversed();
  }

  #viewOf({ begun, end, isCancelAsked }: KnownJob): JobView {
    if (end !== undefined) return { ...begun, phase: phaseOfResult[end.result.kind], end };
    const { phase, reason, progress } = this.#live.get(begun.id) ?? { phase: 'waiting' as const };
    return {
      ...begun,
      phase: isCancelAsked ? 'cancelling' : phase,
      ...(reason !== undefined && { reason }),
      ...(progress !== undefined && { progress }),
    };
  }
}
