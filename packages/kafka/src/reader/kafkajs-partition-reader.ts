/** The broker's partition reader. The next fetch is under way while the records of the last one are handled. */
import { setImmediate as afterOtherWork, setTimeout as sleep } from 'node:timers/promises';
import type { ConsumedRecord, PartitionOffsets, PartitionRange, PartitionReader } from '@astrolabe/records';
import { PipelineError, isPipelineError } from '@astrolabe/service-kit/errors';
import { unlessAborted } from '@astrolabe/service-kit/retry';
import { clientOf, type KafkaConnection } from '../connection.ts';
import { toKafkaError } from '../kafka-errors.ts';
import { decompress } from '../kafkajs/protocol/compression/codecs.ts';
import {
  abandonCluster,
  createCluster,
  fetchOffsets,
  fetchPartition,
  type AbortedTransaction,
  type Cluster,
  type Isolation,
  type TopicPartition,
} from '../kafkajs/protocol/fetch-partition.ts';
import { RecordSetDecoder, splitRecordSet, type RecordBatch } from '../kafkajs/protocol/record-batches.ts';

export interface PartitionReaderOptions {
  readonly connection: KafkaConnection;
  /** How long a partition may go without an answer from a leader before its reads reject. Default 60,000. */
  readonly giveUpAfterMs?: number;
  /** Of one fetch; each read holds two at a time. Default 4 MiB. */
  readonly maxFetchBytes?: number;
  /**
   * For a caller that takes the first piece of a range that was read before, and ends the read. A piece is all of a
   * fetch; nothing else is asked of the broker, and nothing fetched ahead. Default false.
   */
  readonly isPaged?: boolean;
  /**
   * How long a leader waits where there is nothing yet, which a read at a partition's end asks for again and again.
   * Default 100: the reads of one topic share a connection to each broker, which answers one request at a time. More is
   * for a reader with a single read, which costs less at rest then and hears of a record as soon.
   */
  readonly maxWaitMs?: number;
}

/** Connects when it is first asked. */
export function createPartitionReader(options: PartitionReaderOptions): PartitionReader {
  return new KafkaPartitionReader(options);
}

const DEFAULTS = { giveUpAfterMs: 60_000, maxFetchBytes: 4 * 1_048_576, isPaged: false, maxWaitMs: 100 } as const;
/** A topic or partition that the brokers do not know, or a right that they deny: they may not have heard of it yet. */
const MISSING_GIVE_UP_AFTER_MS = 1_000;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;
/** For one answer, all that it takes included: a frozen broker keeps its connections open. */
const ANSWER_TIMEOUT_MS = 15_000;
/** Records that are handed out at once, give or take a batch: between them the process does its other work. */
const HANDED_OUT_RECORDS = 1_000;
/** And what they inflate to: a fetch of small batches can hold gigabytes. */
const HANDED_OUT_INFLATED_BYTES = 4 * 1_048_576;

/** What a fetch brought: perhaps no batch, and yet a step forward. */
interface Fetched {
  readonly batches: readonly RecordBatch[];
  readonly abortedTransactions: readonly AbortedTransaction[];
  /** Where the next fetch begins. */
  readonly nextOffset: bigint;
}

class KafkaPartitionReader implements PartitionReader {
  readonly #options: Required<PartitionReaderOptions>;
  /** One for each topic: kafkajs gets no metadata at all as soon as one of a cluster's topics is gone. */
  readonly #clusters = new Map<string, Cluster>();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();

  constructor(options: PartitionReaderOptions) {
    this.#options = { ...DEFAULTS, ...options };
  }

  async offsets(topic: string, partition: number): Promise<PartitionOffsets> {
    return this.#persist({ topic, partition }, this.#closing.signal, (cluster) =>
      readOffsets(cluster, { topic, partition }),
    );
  }

  async read(range: PartitionRange): Promise<bigint> {
    const ended = new AbortController();
    const signals = [this.#closing.signal, ended.signal];
    if (range.signal !== undefined) signals.unshift(range.signal);
    try {
      return await this.#read(range, AbortSignal.any(signals));
    } finally {
      // A fetch that was begun ahead of a failure must not be repeated on behalf of nobody.
      ended.abort();
    }
  }

  async #read(range: PartitionRange, signal: AbortSignal): Promise<bigint> {
    const { topic, partition, onRecords, onUnreadable, only } = range;
    const source: TopicPartition = { topic, partition };
    signal.throwIfAborted();
    const isolation = range.isolation ?? 'committed';
    const { start, end } = await this.#boundsOf(range, isolation, signal);
    let next = start;
    let ahead: Promise<Fetched> | undefined;
    while (next < end) {
      ahead ??= this.#fetch(source, next, isolation, signal);
      const { batches, abortedTransactions, nextOffset } = await ahead;
      const from = next;
      next = nextOffset < end ? nextOffset : later(end, from);
      ahead = next < end && !this.#options.isPaged ? this.#fetch(source, next, isolation, signal) : undefined;
      // Its failure is heard when its turn comes.
      ahead?.catch(() => undefined);
      const decoder = new RecordSetDecoder(source, abortedTransactions, decompress);
      let records: ConsumedRecord[] = [];
      let inflatedBytes = 0;
      for (const batch of batches) {
        const before = records.length;
        try {
          const size = await decoded(decoder.decode(batch, records, only?.bytes), source);
          if (size.skipped > 0) only?.onSkipped(size.skipped);
          inflatedBytes += size.inflatedBytes;
        } catch (error) {
          if (onUnreadable === undefined || !isPipelineError(error, 'kafka.batch-unreadable')) throw error;
          records.length = before;
          const { baseOffset: fromOffset, nextOffset: behind } = batch;
          onUnreadable({ topic, partition, fromOffset, nextOffset: behind, reason: error.message });
        }
        const isLast = batch === batches.at(-1);
        const isEnough =
          (records.length >= HANDED_OUT_RECORDS && !this.#options.isPaged) ||
          inflatedBytes >= HANDED_OUT_INFLATED_BYTES;
        if (records.length === 0 || !(isLast || isEnough)) continue;
        inflatedBytes = 0;
        // Only a fetch's first and last batch can reach out of the range.
        const inRange = records.filter(({ offset }) => offset >= from && offset < end);
        records = [];
        if (inRange.length > 0) await onRecords(inRange, isLast || batch.nextOffset > next ? next : batch.nextOffset);
        if (!isLast) await afterOtherWork();
        signal.throwIfAborted();
      }
    }
    return next;
  }

  /** Ends that are given are not asked for: a fetch from before the first record, or beyond the last, is refused. */
  async #boundsOf(
    { topic, partition, fromOffset, endOffset }: PartitionRange,
    isolation: Isolation,
    signal: AbortSignal,
  ): Promise<{ readonly start: bigint; readonly end: bigint }> {
    if (fromOffset !== undefined && endOffset !== undefined) return { start: fromOffset, end: endOffset };
    const source: TopicPartition = { topic, partition };
    const atStart = await this.#persist(source, signal, (cluster) => readOffsets(cluster, source));
    const start = later(fromOffset ?? 0n, atStart.lowWatermark);
    if (start > atStart.highWatermark) throw beyondTheEnd(source, start, atStart);
    return { start, end: endOffset ?? (isolation === 'all' ? atStart.highWatermark : atStart.lastStableOffset) };
  }

  /** Comes back when there is something at or after `offset`, or when it is clear that `offset` is in a gap. */
  async #fetch(source: TopicPartition, offset: bigint, isolation: Isolation, signal: AbortSignal): Promise<Fetched> {
    for (;;) {
      const fetched = await this.#persist(source, signal, (cluster) =>
        this.#fetchOnce(cluster, source, offset, isolation),
      );
      if (fetched.nextOffset > offset) return fetched;
      signal.throwIfAborted();
    }
  }

  async #fetchOnce(cluster: Cluster, source: TopicPartition, offset: bigint, isolation: Isolation): Promise<Fetched> {
    const limits = { maxBytes: this.#options.maxFetchBytes, maxWaitMs: this.#options.maxWaitMs };
    const answer = await fetchPartition(cluster, source, { offset, isolation, ...limits });
    if (answer.kind === 'throttled') return gapUpTo(offset);
    if (answer.kind === 'out-of-range') {
      const offsets = await readOffsets(cluster, source);
      if (offset > offsets.highWatermark) throw beyondTheEnd(source, offset, offsets);
      if (offset < offsets.lowWatermark) return gapUpTo(offsets.lowWatermark);
      throw notServed(source, offset);
    }
    const { records, abortedTransactions, lastStableOffset } = answer.partition;
    const batches = splitRecordSet(records);
    const nextOffset = batches.at(-1)?.nextOffset ?? offset;
    if (nextOffset > offset) return { batches, abortedTransactions, nextOffset };
    if (lastStableOffset <= offset) return gapUpTo(offset);
    // Compaction may have left nothing up to an open transaction, and then the broker says just that: nothing. What
    // comes next shows it.
    const beyond = await fetchPartition(cluster, source, { offset, isolation: 'all', ...limits, maxBytes: 1 });
    const first = beyond.kind === 'fetched' ? splitRecordSet(beyond.partition.records)[0] : undefined;
    if (first !== undefined && first.baseOffset > offset) return gapUpTo(earlier(first.baseOffset, lastStableOffset));
    throw notServed(source, offset);
  }

  /**
   * Repeats an action through leader changes and broker outages, until it has failed for `giveUpAfterMs`.
   */
  async #persist<T>(
    { topic, partition }: TopicPartition,
    signal: AbortSignal,
    action: (cluster: Cluster) => Promise<T>,
  ): Promise<T> {
    this.#closing.signal.throwIfAborted();
    let failingSinceMs: number | undefined;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        return await this.#attempt(topic, signal, action);
      } catch (error) {
        signal.throwIfAborted();
        const { principal } = this.#options.connection;
        const topics = [{ operation: 'Read', resourceType: 'topic', resource: topic }] as const;
        const fault = toKafkaError(error, `reading ${topic}[${partition}]`, { principal, topics });
        failingSinceMs ??= performance.now();
        const isToldAtOnce = fault.code === 'kafka.topic-missing' || fault.code === 'kafka.unauthorized';
        const giveUpAfterMs = isToldAtOnce ? MISSING_GIVE_UP_AFTER_MS : this.#options.giveUpAfterMs;
        if (!fault.retryable || performance.now() - failingSinceMs + pauseMs > giveUpAfterMs) throw fault;
        await unlessAborted(sleep(pauseMs), signal);
        // Rejects as the action would; what matters is that the leader is looked up again.
        await this.#attempt(topic, signal, (cluster) => cluster.refreshMetadata()).catch(() => undefined);
        signal.throwIfAborted();
      }
    }
  }

  async #attempt<T>(topic: string, signal: AbortSignal, action: (cluster: Cluster) => Promise<T>): Promise<T> {
    const cluster = this.#clusterOf(topic);
    const timeoutMs = Math.min(ANSWER_TIMEOUT_MS, this.#options.giveUpAfterMs);
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      return await unlessAborted(this.#tracked(action(cluster)), AbortSignal.any([signal, timeout]));
    } catch (error) {
      if (signal.aborted) throw error;
      // kafkajs would keep using the same dead connections and pile up listeners on their sockets. An error that the
      // broker itself returned does not mean that the connection is dead.
      if (timeout.aborted || !isAnswer(error)) this.#drop(topic, cluster);
      if (!timeout.aborted) throw error;
      throw new PipelineError('kafka.unavailable', `no answer within ${timeoutMs} ms`, {
        retryable: true,
        cause: error,
      });
    }
  }

  #drop(topic: string, cluster: Cluster): void {
    if (this.#clusters.get(topic) === cluster) this.#clusters.delete(topic);
    abandonCluster(cluster);
    // Whatever was about to connect does so all the same.
    void Promise.allSettled(this.#underWay).then(() => abandonCluster(cluster));
  }

  #tracked<T>(action: Promise<T>): Promise<T> {
    this.#underWay.add(action);
    const settled = (): void => void this.#underWay.delete(action);
    action.then(settled, settled);
    return action;
  }

  #clusterOf(topic: string): Cluster {
    let cluster = this.#clusters.get(topic);
    if (cluster === undefined) {
      cluster = createCluster(clientOf(this.#options.connection));
      this.#clusters.set(topic, cluster);
    }
    return cluster;
  }

  async close(): Promise<void> {
    this.#closing.abort(new PipelineError('kafka.unavailable', 'the reader is closed', { retryable: true }));
    for (const [topic, cluster] of this.#clusters) this.#drop(topic, cluster);
  }
}

/** An error that a broker answered with, or that we made of an answer. */
function isAnswer(error: unknown): boolean {
  return isPipelineError(error) || (error as { readonly type?: unknown }).type !== undefined;
}

async function readOffsets(cluster: Cluster, source: TopicPartition): Promise<PartitionOffsets> {
  const offsets = await fetchOffsets(cluster, source);
  return { ...offsets, lastStableOffset: later(offsets.lastStableOffset, offsets.lowWatermark) };
}

async function decoded<T>(decoding: Promise<T>, { topic, partition }: TopicPartition): Promise<T> {
  try {
    return await decoding;
  } catch (error) {
    throw toKafkaError(error, `reading ${topic}[${partition}]`);
  }
}

function gapUpTo(nextOffset: bigint): Fetched {
  return { batches: [], abortedTransactions: [], nextOffset };
}

function notServed({ topic, partition }: TopicPartition, offset: bigint): PipelineError {
  const message = `reading ${topic}[${partition}]: the broker gives nothing at offset ${offset}, which it says is there`;
  return new PipelineError('kafka.unavailable', message, { retryable: true });
}

function beyondTheEnd({ topic, partition }: TopicPartition, offset: bigint, offsets: PartitionOffsets): PipelineError {
  const message = `reading ${topic}[${partition}]: offset ${offset} is not there, the partition ends at ${offsets.highWatermark}`;
  return new PipelineError('kafka.offset-out-of-range', message, { retryable: false });
}

function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

const earlier = (a: bigint, b: bigint): bigint => (a < b ? a : b);
