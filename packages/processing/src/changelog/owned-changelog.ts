/** The partitions that a process takes over and writes to, whatever the brokers are. */
import { FencedError } from '@astrolabe/kafka/internal';
import type { BatchWriter, ConsumedRecord, InputPartition, PartitionClaim, Takeover } from '@astrolabe/records';
import { OwnedWriter } from './owned-writer.ts';
import { unlessAborted } from '@astrolabe/service-kit/retry';
import { Owners, retryable, type Owner, type OwnersOptions } from './owner.ts';
import { takeOver } from './take-over.ts';

export interface OwnedChangelogOptions extends OwnersOptions {
  readonly maxRecordBytes: number;
  /**
   * How long a predecessor is waited for that may be about to release the partition, before it is fenced with all of
   * its partitions.
   */
  readonly graceMs: number;
  /** Of the version whose owners had ids for each partition. */
  readonly earlierIdsOf: (input: InputPartition) => readonly string[];
}

const CLAIM_ATTEMPTS = 2;

export class OwnedChangelog {
  readonly #options: OwnedChangelogOptions;
  readonly #owners: Owners;
  readonly #writers = new Map<number, OwnedWriter>();
  /** Which of this process's owners has each partition, until it is released or the assignment ends. */
  readonly #held = new Map<number, string>();

  constructor(options: OwnedChangelogOptions) {
    this.#options = options;
    this.#owners = new Owners(options);
  }

  /** Takes the ids of this process over, as its first takeover would. Rejects as that does. */
  async prepare(signal: AbortSignal): Promise<void> {
    await this.#owners.current(signal);
  }

  /** As of `ChangelogStore`. */
  async takeOver(
    input: InputPartition,
    onRecords: (records: readonly ConsumedRecord[]) => void | Promise<void>,
    signal: AbortSignal,
  ): Promise<Takeover> {
    signal.throwIfAborted();
    const { partition } = input;
    this.#writers.get(partition)?.supersede();
    let owner: Owner | undefined;
    const owned = (): Owner => {
      if (owner === undefined) throw new Error('a takeover without an owner');
      return owner;
    };
    try {
      const outcome = await takeOver({
        ...this.#options,
        partition,
        lostBy: this.#held.get(partition),
        onRecords,
        claim: () => this.#claim(partition, signal, (current) => (owner = current)),
        fence: (claim) => this.#owners.fence(claim),
        fenceEarlierVersion: () => this.#owners.fenceIds(this.#options.earlierIdsOf(input)),
        signal,
      });
      if (outcome.kind === 'owned')
        return { kind: 'owned', writer: this.#begin(partition, owned(), outcome.ended, signal) };
    } catch (error) {
      void owner?.release(partition);
      throw error;
    }
    this.#held.delete(partition);
    // Or its successor would wait for that, and then fence all of this process's partitions.
    void owner?.release(partition);
    return { kind: 'superseded' };
  }

  /** Never rejects. */
  close(): Promise<void> {
    return this.#owners.close();
  }

  /** A process that was fenced since its last batch learns of it here, and claims as its next owner. */
  async #claim(partition: number, signal: AbortSignal, onOwner: (owner: Owner) => void): Promise<Owner> {
    for (let attempt = 1; ; attempt += 1) {
      const owner = await this.#owners.current(signal);
      onOwner(owner);
      try {
        await unlessAborted(owner.claim(partition).committed, signal);
        return owner;
      } catch (error) {
        signal.throwIfAborted();
        const fault = owner.faultOf(error);
        if (!(fault instanceof FencedError) || attempt === CLAIM_ATTEMPTS) throw retryable(fault);
      }
    }
  }

  #begin(partition: number, owner: Owner, ended: readonly PartitionClaim[], signal: AbortSignal): BatchWriter {
    const { groupId, changelogTopic, maxRecordBytes } = this.#options;
    const forget = (): void => {
      if (this.#held.get(partition) === owner.owner) this.#held.delete(partition);
    };
    signal.addEventListener('abort', forget, { once: true });
    const writer = new OwnedWriter({
      owner,
      groupId,
      changelogTopic,
      partition,
      maxRecordBytes,
      ended,
      onReleased: forget,
    });
    this.#writers.set(partition, writer);
    this.#held.set(partition, owner.owner);
    return writer;
  }
}
