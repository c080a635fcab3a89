/**
 * The sessions of one consumer: which partitions are here, since which epoch, up to which offset they were read. No
 * kafkajs and no I/O, so that every order of assignment, loss, return and late work can be tried in a test.
 */
import { COMMIT_MARK, type ConsumedRecord, type TopicId } from '@astrolabe/records';
import type { Logger } from '@astrolabe/service-kit';
import { unlessAborted } from '@astrolabe/service-kit/retry';
import type { WorkPosition } from './core/partition-lag.ts';
import type { GroupSession, PartitionProcessor } from './partition-processor.ts';

export interface PartitionSessionsOptions {
  readonly topic: string;
  readonly topicId: TopicId;
  readonly createProcessor: (session: GroupSession) => PartitionProcessor;
  readonly pause: (partition: number) => void;
  readonly resume: (partition: number) => void;
  readonly fail: (fault: unknown) => void;
  readonly logger: Logger;
}

/** Who we are in a generation of the group. */
export interface Membership {
  readonly memberId: string;
  /** Rises by one with each assignment that the group makes. */
  readonly generationId: number;
}

/** An offset that an assigned partition has stored for commit and that is not committed yet. */
export interface DueCommit {
  readonly session: AssignedPartition;
  readonly nextOffset: bigint;
  readonly metadata: string;
}

export class PartitionSessions {
  readonly #options: PartitionSessionsOptions;
  readonly #live = new Map<number, AssignedPartition>();
  /** Given away by a process that closes, with effects under way. */
  readonly #finishing = new Set<AssignedPartition>();
  /**
   * Ends of earlier sessions by partition: a new one starts its work only after them, or two calls for one key could
   * overlap.
   */
  readonly #ending = new Map<number, Promise<void>>();
  #membership: Membership | undefined;
  #epoch = 0;
  #closed = false;

  constructor(options: PartitionSessionsOptions) {
    this.#options = options;
  }

  partitions(): readonly number[] {
    return [...this.#live.keys()].sort((a, b) => a - b);
  }

  workPositions(): ReadonlyMap<number, WorkPosition | undefined> {
    return new Map([...this.#live].map(([partition, session]) => [partition, session.workPosition()]));
  }

  /**
   * A new generation of the group. Under the same member id and right after the last generation that we know, nobody
   * else can have had the partitions that we keep: their sessions go on. Under a new id, or where we missed a
   * generation (joined it, but never got its assignment), somebody may have: every session ends. With `canFinishLost`
   * the effects that are under way in partitions that were given away come to their end; nothing of it is committed.
   */
  assign(
    membership: Membership,
    partitions: readonly number[],
    { canFinishLost }: { readonly canFinishLost: boolean } = { canFinishLost: false },
  ): void {
    const isContinued = this.#isContinuedBy(membership);
    const kept = isContinued ? new Set(partitions) : new Set<number>();
    this.#membership = membership;
    for (const [partition, session] of this.#live) {
      if (kept.has(partition)) continue;
      if (isContinued && canFinishLost && session.isWorking) this.#finish(partition, session);
      else this.#end(partition, session);
    }
    if (this.#closed) return;
    for (const partition of partitions) {
      if (this.#live.has(partition)) continue;
      for (const session of this.#finishing) if (session.partition === partition) this.#end(partition, session);
      this.#epoch += 1;
      const session = new AssignedPartition(this.#options, partition, this.#epoch);
      this.#live.set(partition, session);
      session.startAfter(this.#ending.get(partition) ?? Promise.resolve());
    }
  }

  /**
   * Hands records to the session of their partition; records of a partition that is not here are of an old fetch and
   * dropped.
   */
  enqueue(partition: number, records: readonly ConsumedRecord[], nextOffset: bigint): void {
    this.#live.get(partition)?.enqueue(records, nextOffset);
  }

  due(): DueCommit[] {
    const due: DueCommit[] = [];
    for (const session of this.#live.values()) {
      const commit = session.dueCommit();
      if (commit !== undefined) due.push({ session, ...commit });
    }
    return due;
  }

  /** From here on no records are taken for what a rebalance brings, and none are fetched for what is here. */
  close(): void {
    this.#closed = true;
    for (const session of this.#live.values()) {
      session.pause();
      session.quiesce();
    }
  }

  /** Waits until the work at hand is finished, `deadlineMs` at most. */
  async drain(deadlineMs: number): Promise<void> {
    const timeUp = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.#options.logger.warn(
        { topic: this.#options.topic, deadlineMs },
        'work in flight is abandoned at the deadline',
      );
      timeUp.resolve();
    }, deadlineMs);
    const idle = [...this.#live.values(), ...this.#finishing].map((session) => session.idle());
    await Promise.race([Promise.all(idle), timeUp.promise]);
    clearTimeout(timer);
  }

  async endAll(): Promise<void> {
    for (const [partition, session] of this.#live) this.#end(partition, session);
    for (const session of this.#finishing) this.#end(session.partition, session);
    await Promise.all(this.#ending.values());
  }

  #isContinuedBy({ memberId, generationId }: Membership): boolean {
    if (memberId !== this.#membership?.memberId) return false;
    // A group that had nothing to change answers with the generation that is.
    const steps = generationId - this.#membership.generationId;
    return steps === 0 || steps === 1;
  }

  /** Ends as soon as nothing is under way: the next owner may wait for that. */
  #finish(partition: number, session: AssignedPartition): void {
    this.#live.delete(partition);
    this.#finishing.add(session);
    session.quiesce();
    void session.idle().then(() => {
      if (this.#finishing.has(session)) this.#end(partition, session);
    });
  }

  #end(partition: number, session: AssignedPartition): void {
    if (this.#live.get(partition) === session) this.#live.delete(partition);
    this.#finishing.delete(session);
    const earlier = this.#ending.get(partition) ?? Promise.resolve();
    const ended = Promise.all([earlier, session.end()]).then(() => {
      if (this.#ending.get(partition) === ended) this.#ending.delete(partition);
    });
    this.#ending.set(partition, ended);
  }
}

/** A session and its processor. */
export class AssignedPartition implements GroupSession {
  readonly topic: string;
  readonly topicId: TopicId;
  readonly partition: number;
  readonly epoch: number;
  readonly #options: PartitionSessionsOptions;
  readonly #abort = new AbortController();
  #processor: PartitionProcessor | undefined;
  #beforeStart: { records: readonly ConsumedRecord[]; nextOffset: bigint }[] = [];
  #position: bigint | undefined;
  #committable: bigint | undefined;
  #metadata: string = COMMIT_MARK;
  #committed: { readonly nextOffset: bigint; readonly metadata: string } | undefined;
  readonly #untilCommitted: { readonly nextOffset: bigint; readonly resolve: () => void }[] = [];
  #started: Promise<void> = Promise.resolve();

  constructor(options: PartitionSessionsOptions, partition: number, epoch: number) {
    this.#options = options;
    this.topic = options.topic;
    this.topicId = options.topicId;
    this.partition = partition;
    this.epoch = epoch;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Whether its work has begun: the session before it has ended. */
  get isWorking(): boolean {
    return this.#processor !== undefined;
  }

  startAfter(predecessor: Promise<void>): void {
    this.#started = predecessor.then(() => {
      if (this.signal.aborted) return;
      try {
        this.#processor = this.#options.createProcessor(this);
        for (const { records, nextOffset } of this.#beforeStart) this.#processor.enqueue(records, nextOffset);
        this.#beforeStart = [];
      } catch (fault) {
        this.fail(fault);
      }
    });
  }

  enqueue(records: readonly ConsumedRecord[], nextOffset: bigint): void {
    if (this.signal.aborted) return;
    // After each rebalance kafkajs reads again from the committed offset; what this session has in hand must not come
    // twice.
    const position = this.#position;
    const unseen = position === undefined ? records : records.filter((record) => record.offset >= position);
    if (position !== undefined && nextOffset <= position) return;
    this.#position = nextOffset;
    if (this.#processor === undefined) {
      this.#beforeStart.push({ records: unseen, nextOffset });
      return;
    }
    try {
      this.#processor.enqueue(unseen, nextOffset);
    } catch (fault) {
      // Thrown into the fetch loop it would be taken for trouble with the broker and tried again.
      this.fail(fault);
    }
  }

  storeOffset(nextOffset: bigint, metadata: string = COMMIT_MARK): void {
    if (this.signal.aborted) return;
    if (this.#committable === undefined || nextOffset > this.#committable) this.#committable = nextOffset;
    this.#metadata = metadata;
  }

  dueCommit(): { readonly nextOffset: bigint; readonly metadata: string } | undefined {
    const nextOffset = this.#committable;
    const metadata = this.#metadata;
    if (nextOffset === undefined) return undefined;
    if (this.#committed?.nextOffset === nextOffset && this.#committed.metadata === metadata) return undefined;
    return { nextOffset, metadata };
  }

  committed(nextOffset: bigint, metadata: string): void {
    this.#committed = { nextOffset, metadata };
    for (const waiter of this.#untilCommitted.filter((each) => each.nextOffset <= nextOffset)) waiter.resolve();
  }

  async untilCommitted(nextOffset: bigint): Promise<void> {
    this.signal.throwIfAborted();
    this.storeOffset(nextOffset);
    if (this.#committed !== undefined && this.#committed.nextOffset >= nextOffset) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { nextOffset, resolve };
    this.#untilCommitted.push(waiter);
    try {
      await unlessAborted(promise, this.signal);
    } finally {
      this.#untilCommitted.splice(this.#untilCommitted.indexOf(waiter), 1);
    }
  }

  workPosition(): WorkPosition | undefined {
    return this.#processor?.workPosition?.();
  }

  quiesce(): void {
    this.#processor?.quiesce?.();
  }

  pause(): void {
    if (!this.signal.aborted) this.#options.pause(this.partition);
  }

  resume(): void {
    if (!this.signal.aborted) this.#options.resume(this.partition);
  }

  fail(fault: unknown): void {
    if (!this.signal.aborted) this.#options.fail(fault);
  }

  async idle(): Promise<void> {
    await this.#started;
    await this.#processor?.idle();
  }

  async end(): Promise<void> {
    // A paused partition that comes back to us later would stay paused in kafkajs.
    this.#options.resume(this.partition);
    this.#abort.abort();
    await this.#started;
    await this.#processor?.stop();
  }
}
