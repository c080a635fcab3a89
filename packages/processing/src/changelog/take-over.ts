/**
 * How a process becomes the owner of a partition. Each step makes the next one safe:
 *
 * 1. It reads the log, and with it who has claimed the partition, and only then claims it itself: no claim before its
 *    own can vanish in between.
 * 2. Once its claim is stored it looks at everything up to the end, undecided records included: whoever may have a
 *    transaction open here has a claim in front of it.
 * 3. Everybody who claimed before and does not release soon is fenced, which aborts what they have open.
 * 4. It reads what they committed up to then. Nobody but those who claim later can write any more, and they fence it
 *    first.
 */
import type { ConsumedRecord, PartitionClaim, PartitionOffsets } from '@astrolabe/records';
import type { Clock } from '@astrolabe/service-kit/clock';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { unlessAborted } from '@astrolabe/service-kit/retry';
import type { ChangelogBrokers } from './changelog-brokers.ts';
import { PartitionClaims, type SeenClaim } from './claims.ts';

export interface TakeOverOptions {
  readonly brokers: ChangelogBrokers;
  readonly groupId: string;
  readonly changelogTopic: string;
  readonly partition: number;
  /** The owner that this process was when it had the partition last, unless it released it. */
  readonly lostBy: string | undefined;
  readonly onRecords: (records: readonly ConsumedRecord[]) => void | Promise<void>;
  /** Called once the log was read: stores a claim of the owner that this process is now, and tells which that is. */
  readonly claim: () => Promise<PartitionClaim>;
  readonly fence: (claim: PartitionClaim) => Promise<void>;
  /** Ends what a version without claims may have open. */
  readonly fenceEarlierVersion: () => Promise<void>;
  /** For those who are told to leave at the moment at which this process is told to begin. */
  readonly graceMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export type TakeOverOutcome =
  /** `ended`: claims that count for nothing any more; the first batch removes them. */
  { readonly kind: 'owned'; readonly ended: readonly PartitionClaim[] } | { readonly kind: 'superseded' };

/** How long the markers of transactions that have ended are waited for. */
const MARKERS_TIMEOUT_MS = 10_000;
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 50;

export function takeOver(options: TakeOverOptions): Promise<TakeOverOutcome> {
  return new TakeOver(options).run();
}

class TakeOver {
  readonly #options: TakeOverOptions;
  readonly #claims: PartitionClaims;
  /** Where the committed records are read on, and the others. */
  #next = 0n;
  #nextUndecided = 0n;

  constructor(options: TakeOverOptions) {
    this.#options = options;
    this.#claims = new PartitionClaims(options.groupId);
  }

  async run(): Promise<TakeOverOutcome> {
    const { lostBy, signal } = this.#options;
    const { lastStableOffset } = await this.#offsets();
    await this.#readTo(lastStableOffset);
    if (lostBy !== undefined && this.#claims.wasTakenFrom(lostBy)) return { kind: 'superseded' };
    const self = await this.#options.claim();
    await this.#readUndecided();
    this.#assertSeen(self);
    if (this.#claims.isFollowed(self.owner)) return { kind: 'superseded' };
    await this.#endOthers(self);
    signal.throwIfAborted();
    const end = await this.#readUndecided();
    if (this.#claims.isFollowed(self.owner)) return { kind: 'superseded' };
    await this.#untilStable(end);
    await this.#readTo(end);
    return { kind: 'owned', ended: this.#claims.besides(self.owner) };
  }

  /** A leader that was just elected may not show its end yet. */
  #assertSeen({ owner }: PartitionClaim): void {
    if (this.#claims.has(owner)) return;
    const { changelogTopic: topic, partition } = this.#options;
    const message = `${topic}[${partition}] does not show the claim that it has stored; it is read again`;
    throw new PipelineError('kafka.unavailable', message, { retryable: true, details: { topic, partition } });
  }

  async #endOthers(self: PartitionClaim): Promise<void> {
    const { fence, fenceEarlierVersion, signal } = this.#options;
    // Taking our own ids over has fenced the owners that this process was before.
    const isOurs = ({ transactionalIds }: SeenClaim): boolean =>
      transactionalIds.some((id) => self.transactionalIds.includes(id));
    const others = (): readonly SeenClaim[] => this.#claims.before(self.owner).filter((claim) => !isOurs(claim));
    if (others().length > 0) {
      await this.#poll(this.#options.graceMs, async (lastStableOffset) => {
        await this.#readTo(lastStableOffset);
        return others().length === 0;
      });
      signal.throwIfAborted();
      await unlessAborted(Promise.all(others().map(fence)), signal);
    }
    if (this.#claims.isFromBeforeClaims) await unlessAborted(fenceEarlierVersion(), signal);
  }

  async #readTo(endOffset: bigint): Promise<void> {
    if (endOffset <= this.#next) return;
    const { brokers, partition, onRecords, signal } = this.#options;
    await brokers.read({
      partition,
      fromOffset: this.#next,
      endOffset,
      isolation: 'committed',
      signal,
      onRecords: async (records, nextOffset) => {
        this.#claims.addCommitted(records);
        await onRecords(records);
        this.#next = nextOffset;
      },
    });
    this.#next = endOffset;
  }

  /** Up to the end, which it returns. */
  async #readUndecided(): Promise<bigint> {
    const { brokers, partition, signal } = this.#options;
    const { highWatermark } = await this.#offsets();
    const fromOffset = this.#next > this.#nextUndecided ? this.#next : this.#nextUndecided;
    if (fromOffset < highWatermark) {
      const onRecords = (records: readonly ConsumedRecord[]): void => this.#claims.addUndecided(records);
      await brokers.read({ partition, fromOffset, endOffset: highWatermark, isolation: 'all', signal, onRecords });
    }
    this.#nextUndecided = highWatermark;
    return highWatermark;
  }

  /**
   * What was ended gets its markers in a moment. A transaction that is open all the same was ended by the coordinator
   * without its marker: brokers 4.3.0 to 4.4.0 do so while a partition has no leader
   * (https://github.com/apache/kafka/pull/22680). What it wrote may count or not, and reading on from before it would
   * repeat it.
   */
  async #untilStable(end: bigint): Promise<void> {
    const { changelogTopic: topic, partition } = this.#options;
    let stable = 0n;
    const isStable = await this.#poll(MARKERS_TIMEOUT_MS, async (lastStableOffset) => {
      stable = lastStableOffset;
      return lastStableOffset >= end;
    });
    if (isStable) return;
    const what = `${topic}[${partition}] has a transaction at ${stable} that is open though its producer was fenced`;
    const remedy = 'if this stays so, find it with "kafka-transactions.sh find-hanging" and end it';
    throw new PipelineError('kafka.unavailable', `${what}; ${remedy}`, {
      retryable: true,
      details: { topic, partition, lastStableOffset: String(stable), highWatermark: String(end) },
    });
  }

  /** Whether it was done before the time was up. */
  async #poll(timeoutMs: number, isDone: (lastStableOffset: bigint) => Promise<boolean>): Promise<boolean> {
    const { clock, signal } = this.#options;
    const deadlineAtMs = clock.monotonicMs() + timeoutMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      const { lastStableOffset } = await this.#offsets();
      if (await isDone(lastStableOffset)) return true;
      if (clock.monotonicMs() > deadlineAtMs) return false;
      await clock.sleep(pauseMs, signal);
    }
  }
  #offsets(): Promise<PartitionOffsets> {
    const { brokers, partition, signal } = this.#options;
    return unlessAborted(brokers.offsets(partition), signal);
  }
}
