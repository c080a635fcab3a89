/**
 * Runs jobs, one after the other in the order of their begin, and carries on those that a process has left behind. The
 * audit alone says which there are: a job begins with its first record there and ends with its last. Several runners
 * may be at work: one that finds another at it waits until nobody decides anything.
 */
import { isRetryableFault, pauseAfter, retryPolicies } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import { errorMessage } from '@astrolabe/service-kit/errors';
import type { Auditor } from '../actions/auditor.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { ActionName } from '../audit/core/audited-actions.ts';
import { endedRecord, type AuditResult, type BegunAction } from '../audit/core/audit-record.ts';
import { failed, storeBegin } from '../audit/perform-audited.ts';
import { isJobOver, type JobPhase } from './core/job-phase.ts';
import type { KnownJob } from './core/job-table.ts';
import { jobDetails, type StoredJob } from './core/stored-job.ts';
import type { JobFollower } from './job-follower.ts';
import { JobBoard, type JobView } from './job-board.ts';
import type { JobWork } from './job-work.ts';

export interface JobRunnerOptions {
  readonly follower: JobFollower;
  readonly log: Pick<AuditLog, 'store'>;
  readonly work: JobWork;
  readonly clock: Clock;
  readonly random: () => number;
  /** Something is not as it should be, and will be tried again. */
  readonly onFault: (doing: string, error: unknown) => void;
  /** How long no decision may have come before a job of another process is carried on. Default 10,000. */
  readonly quietMs?: number;
  /** Pause between looks at the audit. Default 2,000. */
  readonly watchMs?: number;
}

export type JobToSubmit = Omit<BegunAction, 'job' | 'begunAtMs'> & { readonly job: StoredJob };

export type CancelledJob =
  { readonly kind: 'asked' } | { readonly kind: 'unknown' } | { readonly kind: 'over'; readonly phase: JobPhase };

class Cancelled extends Error {}
class EndedElsewhere extends Error {}

export class JobRunner {
  readonly #options: Required<JobRunnerOptions>;
  readonly #board: JobBoard;
  /** Jobs that were submitted here, and that no other process is at. */
  readonly #own = new Set<string>();
  readonly #stop = new AbortController();
  #current: { readonly id: string; readonly abort: AbortController } | undefined;
  #wake = Promise.withResolvers<void>();
  #failures = 0;
  #loop: Promise<void> | undefined;

  constructor(options: JobRunnerOptions) {
    this.#options = { quietMs: 10_000, watchMs: 2_000, ...options };
    this.#board = new JobBoard(options.follower.table);
  }

  /** Looks for jobs that were left behind, and waits for others. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /** What is under way is left to the next runner. Never rejects. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('the runner of jobs is closed'));
    this.#wake.resolve();
    await this.#loop;
  }

  /**
   * Rejects with `audit.not-recorded` where the begin cannot be stored; should it have been stored all the same, the
   * job is found and run. One with the id of another job is that job: to submit twice is to submit once.
   */
  async submit({ job, ...action }: JobToSubmit): Promise<JobView> {
    const begun: BegunAction = { ...action, job: jobDetails(job), begunAtMs: this.#options.clock.nowMs() };
    this.#own.add(action.id);
    await storeBegin(this.#options.log, begun);
    await this.#refresh().catch((error: unknown) => this.#options.onFault('reading the audit', error));
    this.#wake.resolve();
    return this.#board.find(action.id) ?? { ...begun, phase: 'waiting' };
  }

  /** What is being sent at this moment is finished first. */
  async cancel(auditor: Auditor, id: string): Promise<CancelledJob> {
    await this.#refresh();
    const view = this.#board.find(id);
    if (view === undefined) return { kind: 'unknown' };
    if (isJobOver(view.phase)) return { kind: 'over', phase: view.phase };
    return auditor(
      { action: 'cancel-job', about: `job ${id}: ${view.about}`, request: { job: id } },
      async () => {
        // The record of this cancellation is what every runner goes by; this one need not wait until it reads it.
        if (this.#current?.id === id) this.#abortCurrent();
        this.#wake.resolve();
        return { kind: 'asked' } as const;
      },
      () => ({ kind: 'done', message: 'its end was asked for' }),
    );
  }

  /** Those of other processes too. The latest first. */
  list(): readonly JobView[] {
    return this.#board.list();
  }

  find(id: string): JobView | undefined {
    return this.#board.find(id);
  }

  async #run(): Promise<void> {
    while (!this.#isStopped()) {
      try {
        await this.#refresh();
        const next = this.#board.firstOpen();
        if (next === undefined) await this.#untilWoken();
        else await this.#carryOn(next);
        this.#failures = 0;
      } catch (error) {
        if (this.#isStopped()) return;
        this.#failures += 1;
        this.#options.onFault('running jobs', error);
        await this.#pause(pauseAfter(retryPolicies.dependency, this.#failures, this.#options.random()));
      }
    }
  }

  async #carryOn(known: KnownJob & { readonly job: StoredJob }): Promise<void> {
    const { id } = known.begun;
    if (!this.#own.has(id) && !(await this.#untilQuiet(id))) return;
    if (this.#board.isCancelAsked(id)) {
      await this.#end(known, { kind: 'cancelled' });
      return;
    }
    this.#board.move(id, 'running');
    const abort = new AbortController();
    this.#current = { id, abort };
    try {
      await this.#attempt(known, abort);
    } finally {
      this.#current = undefined;
    }
  }

  async #attempt(known: KnownJob & { readonly job: StoredJob }, abort: AbortController): Promise<void> {
    const { id } = known.begun;
    const signal = AbortSignal.any([this.#stop.signal, abort.signal]);
    const watched = this.#watch(id, abort);
    try {
      const onProgress = (progress: NonNullable<JobView['progress']>): void => this.#board.setProgress(id, progress);
      const outcome = await this.#options.work.run(id, known.job, { signal, onProgress });
      if (outcome.kind === 'taken-over') {
        this.#own.delete(id);
        this.#board.wait(id, 'another redrive or dismissal has taken over; this one goes on when that has ended');
      } else if (outcome.kind === 'impossible') await this.#end(known, { kind: 'failed', message: outcome.reason });
      else await this.#end(known, outcome);
    } catch (error) {
      if (this.#isStopped()) return;
      if (abort.signal.reason instanceof EndedElsewhere) return;
      if (abort.signal.reason instanceof Cancelled) await this.#end(known, { kind: 'cancelled' });
      else if (!isRetryableFault(error)) await this.#end(known, failed(error));
      else {
        this.#board.wait(id, `it is tried again, because: ${errorMessage(error)}`);
        throw error;
      }
    } finally {
      await watched.end();
    }
  }

  /** Looks at the audit while a job runs: somebody may end it elsewhere, or ask for its end. */
  #watch(id: string, abort: AbortController): { end(): Promise<void> } {
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, this.#stop.signal]);
    const watch = async (): Promise<void> => {
      while (!signal.aborted) {
        await this.#options.clock.sleep(this.#options.watchMs, signal).catch(() => undefined);
        if (this.#isStopped() || over.signal.aborted) return;
        await this.#refresh().catch((error: unknown) => this.#options.onFault('reading the audit', error));
        if (this.#board.isEnded(id)) abort.abort(new EndedElsewhere());
        else if (this.#board.isCancelAsked(id)) this.#abortCurrent();
      }
    };
    const watching = watch();
    return {
      end: async () => {
        over.abort();
        await watching;
      },
    };
  }

  #abortCurrent(): void {
    const current = this.#current;
    if (current === undefined || current.abort.signal.aborted) return;
    this.#board.move(current.id, 'cancelling');
    current.abort.abort(new Cancelled());
  }

  /** True once no decision has come for a while; false where there is nothing left to do. */
  async #untilQuiet(id: string): Promise<boolean> {
    const { work, clock, quietMs } = this.#options;
    let seen = await work.activity();
    let sinceMs = clock.monotonicMs();
    while (clock.monotonicMs() - sinceMs < quietMs) {
      await clock.sleep(quietMs / 5, this.#stop.signal);
      await this.#refresh();
      if (this.#board.isEnded(id)) return false;
      if (this.#board.isCancelAsked(id)) return true;
      const now = await work.activity();
      if (now === seen) continue;
      seen = now;
      sinceMs = clock.monotonicMs();
    }
    return true;
  }

  /** Resolves once the end is stored. */
  async #end({ begun, job }: KnownJob & { readonly job: StoredJob }, result: AuditResult): Promise<void> {
    const { work, log, clock } = this.#options;
    const { signal } = this.#stop;
    await this.#refresh();
    if (this.#board.isEnded(begun.id)) return;
    const counts = result.counts ?? (await work.decided(begun.id, job, signal));
    const ended = { ...begun, action: begun.action as ActionName, endedAtMs: clock.nowMs() };
    signal.throwIfAborted();
    await log.store(endedRecord({ ...ended, result: { ...result, counts } }));
    await this.#refresh();
  }

  #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  async #refresh(): Promise<void> {
    const { follower, clock } = this.#options;
    await follower.refresh(clock.nowMs(), this.#stop.signal);
    this.#board.settle();
  }

  async #untilWoken(): Promise<void> {
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, this.#stop.signal]);
    const { clock, quietMs } = this.#options;
    await Promise.race([this.#wake.promise, clock.sleep(quietMs, signal).catch(() => undefined)]);
    over.abort();
    this.#wake = Promise.withResolvers();
  }

  async #pause(ms: number): Promise<void> {
    await this.#options.clock.sleep(ms, this.#stop.signal).catch(() => undefined);
  }
}
