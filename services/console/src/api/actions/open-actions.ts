/**
 * Opens what changes need on the brokers: the audit, and the runner of jobs. The console is up whatever the brokers do,
 * so both are opened when they are first needed, or as soon as they can be, and each that needs them is told why not.
 */
import {
  JobFollower,
  JobRunner,
  createJobWork,
  openAuditLog,
  type AuditLog,
  type Cluster,
  type JobView,
} from '@astrolabe/operations';
import { pauseAfter, retryPolicies } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';

export interface ActionSourceOptions {
  /** Rejects, at once, where the brokers are away. */
  readonly cluster: () => Promise<Cluster>;
  /** Of the runner of jobs. */
  readonly jobClock: Clock;
  readonly random: () => number;
  readonly onFault: (doing: string, error: unknown) => void;
}

export class ActionSource {
  readonly #options: ActionSourceOptions;
  readonly #stop = new AbortController();
  #log: Promise<AuditLog> | undefined;
  #jobs: Promise<JobRunner> | undefined;
  #runner: JobRunner | undefined;
  #carryingOn: Promise<void> | undefined;

  constructor(options: ActionSourceOptions) {
    this.#options = options;
  }

  /** Carries on the jobs that were left behind, as soon as the brokers can be reached. */
  start(): void {
    this.#carryingOn ??= this.#untilOpen();
  }

  /** Rejects with `audit.not-recorded`, or as `cluster` does. The next caller tries again. */
  async auditLog(): Promise<AuditLog> {
    this.#stop.signal.throwIfAborted();
    this.#log ??= this.#options.cluster().then(openAuditLog);
    const opening = this.#log;
    opening.catch(() => {
      if (this.#log === opening) this.#log = undefined;
    });
    return opening;
  }

  async jobs(): Promise<JobRunner> {
    this.#stop.signal.throwIfAborted();
    this.#jobs ??= this.#openJobs();
    const opening = this.#jobs;
    opening.catch(() => {
      if (this.#jobs === opening) this.#jobs = undefined;
    });
    return opening;
  }

  /** Undefined: they could not be read yet. */
  knownJobs(): readonly JobView[] | undefined {
    return this.#runner?.list();
  }

  /** Jobs that are under way are left to the next console. Never rejects. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('the console stops'));
    await this.#carryingOn;
    const jobs = await this.#jobs?.catch(() => undefined);
    await jobs?.close();
    const log = await this.#log?.catch(() => undefined);
    await log?.close();
  }

  #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  async #openJobs(): Promise<JobRunner> {
    const { jobClock: clock, random, onFault } = this.#options;
    const log = await this.auditLog();
    const cluster = await this.#options.cluster();
    const follower = new JobFollower(cluster);
    // The first answer already has the jobs that there are.
    await follower.refresh(clock.nowMs(), this.#stop.signal);
    const runner = new JobRunner({ follower, log, work: createJobWork(cluster, clock), clock, random, onFault });
    runner.start();
    this.#runner = runner;
    return runner;
  }

  async #untilOpen(): Promise<void> {
    const { jobClock: clock, random, onFault } = this.#options;
    for (let failures = 1; !this.#isStopped(); failures += 1) {
      try {
        await this.jobs();
        return;
      } catch (error) {
        if (this.#isStopped()) return;
        if (failures === 1) onFault('opening the audit', error);
        const pauseMs = pauseAfter(retryPolicies.startup, failures, random());
        await clock.sleep(pauseMs, this.#stop.signal).catch(() => undefined);
      }
    }
  }
}
