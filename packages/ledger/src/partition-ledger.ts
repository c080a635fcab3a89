/**
 * What became of the commands of one partition, for as long as its window:
 *
 * 1. `restore`: the local copy is brought up to the end of the changelog. Every delivery that any owner has recorded is
 *    known.
 * 2. `lookup` before a call: a command that has ended is not sent again.
 * 3. `record` after the answer: many deliveries share a chunk, and a chunk is one record of the changelog. Once it
 *    resolves, all in-sync replicas have the delivery, so the next owner will know of it, and the command's offset may
 *    be committed.
 *
 * The changelog is the truth and the local store a copy of its beginning: it loses nothing that cannot be read again,
 * and where the two disagree it is thrown away.
 */
import { createRetrier, retryPolicies, type Logger, type Retrier } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import { PipelineError, present } from '@astrolabe/service-kit/errors';
import { ChunkGatherer, type GatheredChunk } from './chunk/chunk-gatherer.ts';
import { MAX_CHUNK_ATTEMPTS, encodeAttempts } from './chunk/attempts-codec.ts';
import { encodeChunk } from './chunk/chunk-codec.ts';
import { SharedLinger } from './chunk/shared-linger.ts';
import { KEY_BYTES, tagOf, writeCommandKey } from './command-key.ts';
import type { Delivery } from './delivery.ts';
import type { FailedAttempts } from './failed-attempts.ts';
import type { LedgerStats } from './ledger-stats.ts';
import { DeliveryStore } from './store/delivery-store.ts';
import type { IndexMemory } from './store/index-memory.ts';
import type { LedgerChangelog } from './changelog/ledger-changelog.ts';
import { LocalCopy } from './store/local-copy.ts';
import { restoreStore, type RestoreProgress } from './store/restore-store.ts';

export interface PartitionLedgerOptions {
  readonly partition: number;
  readonly changelog: LedgerChangelog;
  /** Of this partition alone: `partitionDirectory`. */
  readonly directory: string;
  /** How long a delivery is known, from its time on. */
  readonly windowMs: number;
  /**
   * How long a delivery waits for others to share its chunk, and the chunk for those of other partitions to share a
   * request: one for all ledgers of the process. It delays commits, not calls. Default: one of its own.
   */
  readonly linger?: SharedLinger;
  /** Deliveries of a chunk at most. Default 2,000. */
  readonly maxChunkDeliveries?: number;
  /**
   * Acknowledged bytes that are written to the local copy at once. Default 65,536. A crash costs reading them again.
   */
  readonly copyAfterBytes?: number;
  /** How long to wait for another process that holds the directory. Default 30,000. */
  readonly lockTimeoutMs?: number;
  /** Of all partitions of this process; tables beyond it are a fault. Default: without a bound. */
  readonly memory?: IndexMemory;
  readonly signal?: AbortSignal;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

export interface PartitionLedger {
  /**
   * Called once, before anything else. Resolves when every delivery is known that was on the changelog at the call.
   * Tries on until the signal is aborted; rejects with its reason, or with `ledger.unknown-format`, `ledger.damaged` or
   * `ledger.disk-failed`.
   */
  restore(signal?: AbortSignal, onProgress?: (progress: RestoreProgress) => void): Promise<void>;
  /**
   * The delivery of a command, recorded within the window, be it acknowledged yet or not; where there are several, one
   * of them. Synchronous: a miss costs some tables in memory, a hit a read of the local file. Never wrong about a hit:
   * all 128 bits are compared. Throws `ledger.disk-failed`.
   */
  lookup(commandId: string): Delivery | undefined;
  /**
   * Called once for each command that has ended, in any order. Resolves when the changelog has it: only then may the
   * offset be committed. Rejects when the ledger is closed first or has a fault; the command must then be taken for
   * pending.
   */
  record(delivery: Delivery): Promise<void>;
  /** What is known of a command that has failed and not ended. Synchronous, in memory. */
  attempts(commandId: string): FailedAttempts | undefined;
  /**
   * Called after each attempt that failed and is followed by another. Known at once, and to the next owner as soon as
   * the changelog has it, which nothing waits for: a crash within milliseconds forgets the last attempt.
   */
  recordAttempts(attempts: FailedAttempts): void;
  /** From now on no delivery waits for others: the partition is about to be given up. */
  hasten(): void;
  /** Gives back the disk and the memory of what is older than the window. Also done as deliveries are recorded. */
  expire(): Promise<void>;
  stats(): LedgerStats;
  /** Stores what is in hand, unless `signal` is aborted first, and lets go of the directory. */
  close(signal?: AbortSignal): Promise<void>;
}

/**
 * Takes the directory and reads what is there. Rejects with `ledger.locked`, `ledger.unknown-format`,
 * `ledger.disk-failed` or the memory's fault.
 */
export async function openPartitionLedger(options: PartitionLedgerOptions): Promise<PartitionLedger> {
  const { directory, windowMs, lockTimeoutMs = 30_000, signal, memory, clock } = options;
  const store = await DeliveryStore.open({
    directory,
    windowMs,
    afterMs: clock.nowMs() - windowMs,
    lockTimeoutMs,
    ...(memory === undefined ? {} : { memory }),
    ...(signal === undefined ? {} : { signal }),
  });
  return new Ledger(options, store);
}

const DEFAULT_CHUNK_DELIVERIES = 2_000;
const DEFAULT_COPY_BYTES = 65_536;

class Ledger implements PartitionLedger {
  readonly #options: PartitionLedgerOptions;
  readonly #store: DeliveryStore;
  readonly #retry: Retrier;
  readonly #closing = new AbortController();
  /** Recorded, and not in the store yet. */
  readonly #inHand = new Map<string, Delivery>();
  readonly #gatherer: ChunkGatherer;
  /** Not yet on the changelog; the last of each command. */
  #attemptsInHand = new Map<string, FailedAttempts>();
  readonly #shared: SharedLinger;
  readonly #key = Buffer.alloc(KEY_BYTES);
  /** Undefined until the ledger is restored. */
  #copy: LocalCopy | undefined;
  #working: Promise<void> | undefined;
  #isOpen = true;
  #closed: Promise<void> | undefined;
  #ended: { readonly reason: unknown } | undefined;

  constructor(options: PartitionLedgerOptions, store: DeliveryStore) {
    this.#options = options;
    this.#store = store;
    this.#retry = createRetrier(options);
    this.#gatherer = new ChunkGatherer(options.maxChunkDeliveries ?? DEFAULT_CHUNK_DELIVERIES);
    this.#shared = options.linger ?? new SharedLinger(options.clock);
  }

  async restore(restoreSignal?: AbortSignal, onProgress?: (progress: RestoreProgress) => void): Promise<void> {
    const { partition, changelog, clock, windowMs, logger } = this.#options;
    const ended = this.#closing.signal;
    const signal = restoreSignal === undefined ? ended : AbortSignal.any([restoreSignal, ended]);
    const progress = onProgress === undefined ? {} : { onProgress };
    const store = this.#store;
    const afterMs = clock.nowMs() - windowMs;
    const nextOffset = await this.#retry(
      'restoring the delivery ledger',
      () => restoreStore({ store, changelog, partition, afterMs, signal, logger, ...progress }),
      { policy: retryPolicies.changelog, signal },
    );
    this.#copy = new LocalCopy({ store, changelog, partition, nextOffset, retry: this.#retry, signal: ended });
    await this.expire();
    this.#dropEnded();
  }

  lookup(commandId: string): Delivery | undefined {
    this.#restored();
    const afterMs = this.#options.clock.nowMs() - this.#options.windowMs;
    const inHand = this.#inHand.get(commandId);
    if (inHand !== undefined && inHand.atMs > afterMs) return inHand;
    writeCommandKey(commandId, this.#key);
    const found = this.#store.find(this.#key, tagOf(this.#key, 0), afterMs);
    return found === undefined || found.commandId === commandId ? found : { ...found, commandId };
  }

  record(delivery: Delivery): Promise<void> {
    const copy = this.#restored();
    if (this.#ended !== undefined) return Promise.reject(this.#ended.reason);
    if (!this.#isOpen) return Promise.reject(closedError());
    this.#inHand.set(delivery.commandId, delivery);
    this.#store.attempts.forget(delivery.commandId);
    this.#attemptsInHand.delete(delivery.commandId);
    const stored = this.#gatherer.add(delivery);
    this.#working ??= this.#work(copy);
    return stored;
  }

  attempts(commandId: string): FailedAttempts | undefined {
    this.#restored();
    const afterMs = this.#options.clock.nowMs() - this.#options.windowMs;
    const found = this.#store.attempts.find(commandId);
    return found !== undefined && found.atMs > afterMs ? found : undefined;
  }

  recordAttempts(attempts: FailedAttempts): void {
    const copy = this.#restored();
    if (this.#ended !== undefined || !this.#isOpen) return;
    this.#store.attempts.remember(attempts);
    this.#attemptsInHand.set(attempts.commandId, attempts);
    this.#working ??= this.#work(copy);
  }

  hasten(): void {
    this.#gatherer.closeAll();
  }

  expire(): Promise<void> {
    return this.#store.expire(this.#options.clock.nowMs() - this.#options.windowMs);
  }

  stats(): LedgerStats {
    return {
      ...this.#store.stats(),
      inHand: this.#inHand.size,
      waitingBytes: this.#copy?.waitingBytes ?? 0,
      nextOffset: this.#copy?.nextOffset ?? 0n,
    };
  }

  async close(signal?: AbortSignal): Promise<void> {
    const giveUp = (): void => {
      this.#end(signal?.reason);
    };
    if (signal?.aborted === true) giveUp();
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      await (this.#closed ??= this.#close());
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  async #close(): Promise<void> {
    this.#isOpen = false;
    try {
      this.hasten();
      await this.#working;
      if (this.#ended === undefined && this.#copy !== undefined) await this.#write(this.#copy);
    } catch (error) {
      // Given up on the way: the changelog has what the copy has not.
      if (this.#ended === undefined) throw error;
    } finally {
      this.#end(closedError());
      await this.#store.close();
    }
  }

  async #work(copy: LocalCopy): Promise<void> {
    try {
      // No await between the last check and the end: a delivery recorded in between would never be stored.
      for (;;) {
        const next = this.#gatherer.first();
        if (next === undefined && this.#attemptsInHand.size === 0) return;
        await this.#linger(next?.isFull);
        await this.#storeAttempts(copy);
        const gathered = this.#gatherer.take();
        if (gathered !== undefined) await this.#storeChunk(gathered, copy);
        // A write costs as much as the rest of a small chunk's way; what has not been written yet is known in hand.
        if (copy.waitingBytes >= (this.#options.copyAfterBytes ?? DEFAULT_COPY_BYTES)) await this.#write(copy);
      }
    } catch (error) {
      this.#end(error);
    } finally {
      this.#working = undefined;
    }
  }

  /** Undefined: only failed attempts wait, which nobody waits for. */
  async #linger(isFull: Promise<void> | undefined): Promise<void> {
    if (this.#isOpen) await Promise.race([this.#shared.wait(), isFull ?? this.#shared.wait()]);
  }

  async #storeAttempts(copy: LocalCopy): Promise<void> {
    if (this.#attemptsInHand.size === 0) return;
    const entries = [...this.#attemptsInHand.values()].slice(0, MAX_CHUNK_ATTEMPTS);
    for (const { commandId } of entries) this.#attemptsInHand.delete(commandId);
    const bytes = encodeAttempts(entries);
    copy.add({ offset: await this.#append('storing failed attempts', bytes), bytes, deliveries: [] });
  }

  #append(doing: string, bytes: Buffer): Promise<bigint> {
    const { partition, changelog } = this.#options;
    const storing = { policy: retryPolicies.changelog, signal: this.#closing.signal };
    return this.#retry(doing, () => changelog.append(partition, bytes), storing);
  }

  async #storeChunk(gathered: GatheredChunk, copy: LocalCopy): Promise<void> {
    try {
      const bytes = encodeChunk(gathered.deliveries);
      const offset = await this.#append('storing deliveries', bytes);
      copy.add({ offset, bytes, deliveries: gathered.deliveries });
    } catch (error) {
      gathered.reject(error);
      throw error;
    }
    gathered.resolve();
  }

  async #write(copy: LocalCopy): Promise<void> {
    for (const delivery of await copy.write()) {
      if (this.#inHand.get(delivery.commandId) === delivery) this.#inHand.delete(delivery.commandId);
    }
    await this.expire();
  }

  /** Attempts of commands that ended later: they were read before their end was. */
  #dropEnded(): void {
    this.#store.attempts.prune(({ commandId, offset }) => {
      const ended = this.lookup(commandId);
      return ended !== undefined && ended.offset >= offset;
    });
  }

  #end(reason: unknown): void {
    if (this.#ended !== undefined) return;
    this.#ended = { reason };
    this.#closing.abort(reason);
    this.#gatherer.rejectAll(reason);
  }

  #restored(): LocalCopy {
    return present(this.#copy, 'the copy of a delivery ledger that is restored');
  }
}

const closedError = () => new PipelineError('kafka.unavailable', 'the delivery ledger is closed', { retryable: true });
