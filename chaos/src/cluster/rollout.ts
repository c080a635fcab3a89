/**
 * Replaces instances by another revision as docs/operating.md tells to upgrade: topics and schemas of the new revision
 * first, then one instance of a service after the other, each ready before the next.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage } from '@astrolabe/service-kit/errors';
import { scaledTimeoutMs } from '@astrolabe/testkit';
import type { InstanceName, Side } from '../schedule/disturbance.ts';
import type { Sources, WatchedService } from './watched-service.ts';

export type RolloutInstance = Pick<WatchedService, 'service' | 'side' | 'replace'>;

export interface RolloutOptions {
  readonly sources: Readonly<Record<Side, Sources>>;
  readonly instances: ReadonlyMap<InstanceName, RolloutInstance>;
  /** Declares topics and schemas of the new revision. Called once, before the first instance is replaced. */
  readonly applyNewContracts: () => Promise<void>;
  readonly timeoutMs?: number;
  /** From one replacement of a service to the next, when it is ready. Default 3000. */
  readonly restMs?: number;
}

export type Replaced =
  | { readonly kind: 'replaced' }
  | { readonly kind: 'ran-already' }
  /** It does not serve in that revision, and stays in it. */
  | { readonly kind: 'does-not-serve'; readonly reason: string };

const TIMEOUT_MS = scaledTimeoutMs(60_000);
/** On a slow machine replacements become due faster than they are made: both revisions must have time to work. */
const REST_MS = 3_000;

export class Rollout {
  readonly #options: RolloutOptions;
  /** Of each service, the last replacement that was asked for. */
  readonly #last = new Map<string, Promise<unknown>>();
  readonly #failures: string[] = [];
  #contracts: Promise<void> | undefined;
  #contractsAtMs: number | undefined;

  constructor(options: RolloutOptions) {
    this.#options = options;
  }

  /** When topics and schemas of the new revision were there, epoch milliseconds; undefined before that. */
  get contractsAtMs(): number | undefined {
    return this.#contractsAtMs;
  }

  /** What did not serve in the revision that it was given. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  /** Topics and schemas of the new revision, once. Every replacement waits for it. */
  declareContracts(): Promise<void> {
    return (this.#contracts ??= this.#applyNewContracts());
  }

  /** Waits for the replacement before it. Rejects where topics or schemas cannot be declared. */
  replace(name: InstanceName, side: Side): Promise<Replaced> {
    const instance = this.#options.instances.get(name);
    if (instance === undefined) throw new Error(`the pipeline has no ${name}`);
    const before = this.#last.get(instance.service) ?? Promise.resolve();
    const replacing = before.then(() => this.#replace(name, instance, side));
    this.#last.set(instance.service, this.#rested(replacing));
    return replacing;
  }

  /** All that still run the old revision. */
  async finish(): Promise<void> {
    await Promise.all([...this.#options.instances.keys()].map((name) => this.replace(name, 'new')));
  }

  async #replace(name: InstanceName, instance: RolloutInstance, side: Side): Promise<Replaced> {
    if (instance.side === side) return { kind: 'ran-already' };
    const { sources, timeoutMs = TIMEOUT_MS } = this.#options;
    await this.declareContracts();
    try {
      await instance.replace(sources[side], timeoutMs);
      return { kind: 'replaced' };
    } catch (error) {
      const reason = errorMessage(error);
      this.#failures.push(`${name} as ${side}: ${reason}`);
      return { kind: 'does-not-serve', reason };
    }
  }

  /** Never rejects. */
  async #rested(replacing: Promise<Replaced>): Promise<void> {
    const replaced = await replacing.catch(() => undefined);
    if (replaced?.kind === 'replaced') await sleep(this.#options.restMs ?? REST_MS);
  }

  async #applyNewContracts(): Promise<void> {
    await this.#options.applyNewContracts();
    this.#contractsAtMs = Date.now();
  }
}
