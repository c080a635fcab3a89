/**
 * The cluster that all reads share. The console starts, and answers, without brokers: each read says by itself that
 * they are away, at once, and the next attempt to connect is made for all of them together.
 */
import type { Cluster } from '@astrolabe/operations';
import type { Clock } from '@astrolabe/service-kit/clock';
import { pauseAfter, retryPolicies } from '@astrolabe/service-kit';

export interface ClosableCluster extends Cluster {
  close(): Promise<void>;
}

export interface ClusterSourceOptions {
  /** Rejects where no broker answers. */
  readonly open: () => Promise<ClosableCluster>;
  readonly clock: Clock;
}

export interface ClusterSource {
  /** Rejects with the reason why the brokers cannot be reached, without a new attempt until its pause is over. */
  get(): Promise<Cluster>;
  close(): Promise<void>;
}

export function createClusterSource(options: ClusterSourceOptions): ClusterSource {
  return new SharedCluster(options);
}

class SharedCluster implements ClusterSource {
  readonly #options: ClusterSourceOptions;
  #opened: Promise<ClosableCluster> | undefined;
  #failures = 0;
  #failed: { readonly error: unknown; readonly untilMs: number } | undefined;
  #isClosed = false;

  constructor(options: ClusterSourceOptions) {
    this.#options = options;
  }

  async get(): Promise<Cluster> {
    if (this.#isClosed) throw new Error('the console stops');
    const { clock } = this.#options;
    if (this.#opened === undefined && this.#failed !== undefined && clock.monotonicMs() < this.#failed.untilMs) {
      throw this.#failed.error;
    }
    this.#opened ??= this.#open();
    return this.#opened;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const cluster = await this.#opened?.catch(() => undefined);
    await cluster?.close();
  }

  async #open(): Promise<ClosableCluster> {
    try {
      const cluster = await this.#options.open();
      this.#failures = 0;
      this.#failed = undefined;
      return cluster;
    } catch (error) {
      this.#failures += 1;
      const pauseMs = pauseAfter({ ...retryPolicies.dependency, jitter: 'none' }, this.#failures, 0);
      this.#failed = { error, untilMs: this.#options.clock.monotonicMs() + pauseMs };
      this.#opened = undefined;
      throw error;
    }
  }
}
