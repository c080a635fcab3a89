/**
 * A process as an owner of partitions: its transactional ids, taken over, under a name that is never used again. After
 * a failure the process becomes another owner, which holds no claim yet and must take over every partition again.
 */
import { FencedError, toTransactionError, type TransactionOwner } from '@astrolabe/kafka/internal';
import {
  claimRecord,
  releaseRecord,
  type OutgoingRecord,
  type PartitionClaim,
  type TopicRecord,
} from '@astrolabe/records';
import type { Clock } from '@astrolabe/service-kit/clock';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { unlessAborted } from '@astrolabe/service-kit/retry';
import type { ChangelogBrokers, TransactionalId } from './changelog-brokers.ts';
import { GroupCommit, type SubmittedBatch } from './group-commit.ts';

export interface OwnersOptions {
  readonly brokers: ChangelogBrokers;
  readonly groupId: string;
  readonly changelogTopic: string;
  /** For errors that tell of a missing right. */
  readonly principal: string;
  /** Of this process. Two that work at once with the same ids fence each other again and again. */
  readonly transactionalIds: readonly string[];
  /** Never the same twice. */
  readonly newOwnerName: () => string;
  readonly clock: Clock;
}

export class Owner implements PartitionClaim {
  readonly owner: string;
  readonly transactionalIds: readonly string[];
  readonly #options: OwnersOptions;
  readonly #commits: GroupCommit;

  constructor(options: OwnersOptions, ids: readonly TransactionalId[]) {
    this.#options = options;
    this.owner = options.newOwnerName();
    this.transactionalIds = options.transactionalIds;
    this.#commits = new GroupCommit({ ids, clock: options.clock });
  }

  /** A transaction of it has failed. */
  get isSpent(): boolean {
    return this.#commits.hasFailed;
  }

  /** Resolves with what has failed, as `FencedError` or `PipelineError`. */
  async untilSpent(): Promise<FencedError | PipelineError> {
    return this.faultOf(await this.#commits.failed);
  }

  submit(records: readonly TopicRecord[]): SubmittedBatch {
    return this.#commits.submit(records);
  }

  /** Committed, it is seen by whoever claims later. */
  claim(partition: number): SubmittedBatch {
    const { groupId, changelogTopic: topic } = this.#options;
    return this.submit([{ ...claimRecord(groupId, this, partition), topic }]);
  }

  /** Behind everything that was submitted for the partition. `ended`: claims of others that count no longer. */
  release(partition: number, ended: readonly OutgoingRecord[] = []): SubmittedBatch {
    const { groupId, changelogTopic: topic } = this.#options;
    const records = [...ended, releaseRecord(groupId, this.owner, partition)];
    return this.submit(records.map((record) => ({ ...record, topic })));
  }

  /** What ended a transaction, as `FencedError` or `PipelineError`. */
  faultOf(error: unknown): FencedError | PipelineError {
    const { changelogTopic } = this.#options;
    return toTransactionError(error, `writing a transaction that ends on ${changelogTopic}`, accessOf(this.#options));
  }

  close(): Promise<void> {
    return this.#commits.close(closed());
  }
}

/** The owner that this process is now, and the end of others. */
export class Owners {
  readonly #options: OwnersOptions;
  readonly #closing = new AbortController();
  #current: Promise<Owner> | undefined;
  /** By owner. What is fenced once is fenced for good. */
  readonly #fenced = new Map<string, Promise<void>>();
  readonly #closings = new Set<Promise<void>>();

  constructor(options: OwnersOptions) {
    this.#options = options;
  }

  /** Takes the ids over, unless this process is an owner already. Rejects with a `PipelineError`, or the signal's reason. */
  async current(signal: AbortSignal): Promise<Owner> {
    this.#closing.signal.throwIfAborted();
    const before = this.#current;
    if (before !== undefined) {
      const owner = await unlessAborted(before, signal);
      if (!owner.isSpent) return owner;
      // Of those who found it spent together, the first opens the next one.
      if (this.#current === before) {
        this.#dispose(owner);
        this.#current = undefined;
      }
    }
    this.#current ??= this.#open();
    return unlessAborted(this.#current, signal);
  }

  /** When it resolves, the owner of the claim can commit nothing more and has nothing open. */
  fence({ owner, transactionalIds }: PartitionClaim): Promise<void> {
    let fenced = this.#fenced.get(owner);
    if (fenced === undefined) {
      fenced = this.fenceIds(transactionalIds);
      this.#fenced.set(owner, fenced);
      fenced.catch(() => this.#fenced.delete(owner));
    }
    return fenced;
  }

  async fenceIds(transactionalIds: readonly string[]): Promise<void> {
    const { signal } = this.#closing;
    await this.#takeOverAll(transactionalIds, signal, async (ids) => {
      await Promise.all(ids.map((id) => id.close()));
    });
  }

  /** Never rejects. */
  async close(): Promise<void> {
    this.#closing.abort(closed());
    const owner = await this.#current?.catch(() => undefined);
    if (owner !== undefined) this.#dispose(owner);
    await Promise.all(this.#closings);
  }

  #open(): Promise<Owner> {
    const { transactionalIds } = this.#options;
    const opening = this.#takeOverAll(transactionalIds, this.#closing.signal, async (ids) => {
      return new Owner(this.#options, ids);
    });
    opening.catch(() => {
      if (this.#current === opening) this.#current = undefined;
    });
    return opening;
  }

  async #takeOverAll<T>(
    names: readonly string[],
    signal: AbortSignal,
    use: (ids: readonly TransactionalId[]) => Promise<T>,
  ): Promise<T> {
    const opening = names.map((name) => this.#options.brokers.takeOverId(name, signal));
    try {
      return await use(await Promise.all(opening));
    } catch (error) {
      for (const each of opening) void each.then((id) => id.close()).catch(() => undefined);
      if (signal.aborted) throw signal.reason;
      const owner = { principal: this.#options.principal, transactionalId: names[0] ?? '' };
      throw retryable(toTransactionError(error, `taking over ${names.join(' and ')}`, owner));
    }
  }

  #dispose(owner: Owner): void {
    const closing = owner.close().finally(() => this.#closings.delete(closing));
    this.#closings.add(closing);
  }
}

function accessOf({ principal, transactionalIds }: OwnersOptions): TransactionOwner {
  return { principal, transactionalId: transactionalIds[0] ?? '' };
}

/** Whoever was fenced before it owned a partition begins again. */
export function retryable(fault: FencedError | PipelineError): PipelineError {
  if (!(fault instanceof FencedError)) return fault;
  return new PipelineError('kafka.unavailable', fault.message, { retryable: true, cause: fault });
}

function closed(): PipelineError {
  return new PipelineError('kafka.unavailable', 'the writer is closed', { retryable: true });
}
