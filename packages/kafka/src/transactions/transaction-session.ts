/**
 * One transactional id, taken over, and its transactions one after the other: partitions, records, end. Each method is
 * a round trip to the brokers. After any rejection nobody knows where the transaction stands, and the session must not
 * be used again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OutgoingRecord } from '@astrolabe/records';
import { PipelineError } from '@astrolabe/service-kit/errors';
import type { KafkaConnection } from '../connection.ts';
import { isFencedAnswer, toKafkaError, type AccessContext } from '../kafka-errors.ts';
import type { TopicsOfError } from '../kafkajs/patches/patch-transaction-refusals.ts';
import { createTransactionCluster, type TransactionBroker, type TransactionCluster } from './transaction-cluster.ts';
import type { LeaderRequests, PartitionLeaders, PlacedRecords, TopicPartition } from './transaction-requests.ts';

/** Another process has taken the transactional id over, or its transaction lasted longer than its time-out. */
export class FencedError extends Error {
  override readonly name = 'FencedError';
}

/** Where a consumer group stands in a topic, stored with the records. The group must have no members. */
export interface GroupPosition {
  readonly groupId: string;
  readonly topic: string;
  readonly nextOffsets: ReadonlyMap<number, bigint>;
}

export interface TransactionSessionOptions {
  readonly connection: KafkaConnection;
  readonly transactionalId: string;
  /** The coordinator aborts a transaction that is open for longer, and fences the session. */
  readonly transactionTimeoutMs: number;
  /** Ends the opening. */
  readonly signal: AbortSignal;
}

const GROUP_COORDINATOR = 0;
const TRANSACTION_COORDINATOR = 1;
const PRODUCE_TIMEOUT_MS = 30_000;
/** How long a coordinator is waited for that starts, or ends a transaction: the one before, or a former owner's. */
const DECISION_DEADLINE_MS = 30_000;
const LONGEST_PAUSE_MS = 20;
const SEQUENCES = 2 ** 31;

/** Takes over the transactional id: its former owner can commit nothing more, and its open transaction is aborted. */
export async function openTransactionSession(options: TransactionSessionOptions): Promise<TransactionSession> {
  const { connection, transactionalId, transactionTimeoutMs: transactionTimeout, signal } = options;
  const cluster = createTransactionCluster(connection);
  try {
    signal.throwIfAborted();
    await cluster.connect();
    await cluster.addMultipleTargetTopics([]);
    const { coordinator, producerId, producerEpoch } = await onceDecided(async () => {
      const found = await findCoordinator(cluster, { transactionalId });
      return { coordinator: found, ...(await found.initProducerId({ transactionalId, transactionTimeout })) };
    }, signal);
    signal.throwIfAborted();
    return new TransactionSession(cluster, coordinator, { transactionalId, producerId, producerEpoch });
  } catch (error) {
    void cluster.disconnect().catch(() => undefined);
    throw error;
  }
}

function findCoordinator(
  cluster: TransactionCluster,
  { transactionalId }: { readonly transactionalId: string },
): Promise<TransactionBroker> {
  return cluster.findGroupCoordinator({ groupId: transactionalId, coordinatorType: TRANSACTION_COORDINATOR });
}

export class TransactionSession {
  readonly #cluster: TransactionCluster;
  #coordinator: TransactionBroker;
  readonly #identity: { readonly transactionalId: string; readonly producerId: string; readonly producerEpoch: number };
  readonly #closed = new AbortController();
  readonly #topics = new Set<string>();
  /** Number of the next record, by partition. */
  readonly #sequences = new Map<string, number>();
  /** Requests without an answer. */
  readonly #underWay = new Set<Promise<unknown>>();
  /** Partitions of the open transaction. */
  #added = new Set<string>();
  #hasOffsets = false;

  constructor(
    cluster: TransactionCluster,
    coordinator: TransactionBroker,
    identity: { readonly transactionalId: string; readonly producerId: string; readonly producerEpoch: number },
  ) {
    this.#cluster = cluster;
    this.#coordinator = coordinator;
    this.#identity = identity;
  }

  /**
   * Makes the leaders of the topics known. No round trip for topics that were asked for before, except every five
   * minutes.
   */
  async lookUp(topics: Iterable<string>): Promise<void> {
    const unknown = [...topics].filter((topic) => !this.#topics.has(topic));
    if (unknown.length === 0) return this.#cluster.refreshMetadataIfNecessary();
    await this.#cluster.addMultipleTargetTopics(unknown);
    for (const topic of unknown) this.#topics.add(topic);
  }

  leadersOf(topic: string): PartitionLeaders {
    return this.#cluster.findTopicPartitionMetadata(topic);
  }

  /**
   * Makes the partitions part of the transaction, which begins with the first. Waits until the transaction before has
   * its markers.
   */
  async add(partitions: readonly TopicPartition[]): Promise<void> {
    const fresh = new Map<string, Set<number>>();
    for (const { topic, partition } of partitions) {
      if (this.#added.has(nameOf(topic, partition))) continue;
      const ofTopic = fresh.get(topic);
      if (ofTopic === undefined) fresh.set(topic, new Set([partition]));
      else ofTopic.add(partition);
    }
    if (fresh.size === 0) return;
    this.#closed.signal.throwIfAborted();
    const topics = [...fresh].map(([topic, numbers]) => ({ topic, partitions: [...numbers] }));
    await this.#ask((coordinator) => coordinator.addPartitionsToTxn({ ...this.#identity, topics }));
    for (const { topic, partitions: numbers } of topics) {
      for (const partition of numbers) this.#added.add(nameOf(topic, partition));
    }
  }

  /** Stores records of partitions that were added. To readers of committed records they are not there yet. */
  async produce(byLeader: readonly LeaderRequests[]): Promise<void> {
    await Promise.all(
      byLeader.map(async ({ leader, requests }) => {
        const broker = await this.#cluster.findBroker({ nodeId: leader });
        this.#closed.signal.throwIfAborted();
        // None waits for the answer to the one before: a broker handles those of a connection in their order.
        const sent = requests.map((request) => {
          const topicData = this.#toTopicData(request);
          return this.#send(broker.produce({ ...this.#identity, acks: -1, timeout: PRODUCE_TIMEOUT_MS, topicData }));
        });
        await Promise.all(sent);
      }),
    );
  }

  /** Makes the position of a group part of the transaction, which begins with it if it has nothing yet. */
  async sendOffsets({ groupId, topic, nextOffsets }: GroupPosition): Promise<void> {
    this.#closed.signal.throwIfAborted();
    await this.#ask((coordinator) => coordinator.addOffsetsToTxn({ ...this.#identity, groupId }));
    this.#hasOffsets = true;
    const partitions = [...nextOffsets].map(([partition, offset]) => ({ partition, offset: offset.toString() }));
    const topics = [{ topic, partitions }];
    await onceDecided(async () => {
      const coordinatorType = GROUP_COORDINATOR;
      const coordinator = await this.#cluster.findGroupCoordinator({ groupId, coordinatorType });
      await this.#send(coordinator.txnOffsetCommit({ ...this.#identity, groupId, topics }));
    }, this.#closed.signal);
  }

  /** Commits or aborts. Without partitions there is no transaction: nothing to abort, and a commit is refused. */
  async end(commit: boolean): Promise<void> {
    this.#closed.signal.throwIfAborted();
    const isOpen = this.#added.size > 0 || this.#hasOffsets;
    if (!isOpen && !commit) return;
    if (!isOpen) throw new Error('cannot commit: no transaction is open');
    this.#added = new Set();
    this.#hasOffsets = false;
    await this.#ask((coordinator) => coordinator.endTxn({ ...this.#identity, transactionResult: commit }));
  }

  /** Never rejects. */
  async close(): Promise<void> {
    this.#closed.abort(new PipelineError('kafka.unavailable', 'the transaction was abandoned', { retryable: true }));
    await this.#cluster.disconnect().catch(() => undefined);
    // A request that was not on its way yet connects again.
    await Promise.allSettled(this.#underWay);
    await this.#cluster.disconnect().catch(() => undefined);
  }

  /** Resolves when the transaction's coordinator has done it. */
  #ask(request: (coordinator: TransactionBroker) => Promise<unknown>): Promise<void> {
    return onceDecided(async () => {
      try {
        await this.#send(request(this.#coordinator));
      } catch (error) {
        if (typeOf(error) === MOVED) this.#coordinator = await findCoordinator(this.#cluster, this.#identity);
        throw error;
      }
    }, this.#closed.signal);
  }

  async #send<T>(request: Promise<T>): Promise<T> {
    this.#underWay.add(request);
    try {
      return await request;
    } finally {
      this.#underWay.delete(request);
    }
  }

  #toTopicData(request: readonly PlacedRecords[]) {
    const byTopic = new Map<
      string,
      { partition: number; firstSequence: number; messages: readonly OutgoingRecord[] }[]
    >();
    for (const { topic, partition, records } of request) {
      const name = nameOf(topic, partition);
      const firstSequence = this.#sequences.get(name) ?? 0;
      this.#sequences.set(name, (firstSequence + records.length) % SEQUENCES);
      const batch = { partition, firstSequence, messages: records };
      const together = byTopic.get(topic);
      if (together === undefined) byTopic.set(topic, [batch]);
      else together.push(batch);
    }
    return [...byTopic].map(([topic, partitions]) => ({ topic, partitions }));
  }
}

function nameOf(topic: string, partition: number): string {
  return `${topic}:${partition}`;
}

/**
 * Repeats what the coordinator does not decide while it ends a transaction of the same id: that before, or this one
 * when another process takes the id over, where brokers answer `UNKNOWN` to a commit. Nor does a coordinator that has
 * just started. Each request may be repeated: the coordinator compares it with what it holds.
 */
async function onceDecided<T>(request: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const deadlineAtMs = performance.now() + DECISION_DEADLINE_MS;
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    signal.throwIfAborted();
    try {
      return await request();
    } catch (error) {
      if (!UNDECIDED.has(typeOf(error) ?? '') || performance.now() > deadlineAtMs) throw error;
      await sleep(pauseMs, undefined, { signal });
    }
  }
}

/** Another broker is the coordinator by now. */
const MOVED = 'NOT_COORDINATOR_FOR_GROUP';
const UNDECIDED = new Set([
  MOVED,
  'CONCURRENT_TRANSACTIONS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
  'UNKNOWN',
]);

/** Cured by opening a new session, which starts its own transaction and sequence numbers. */
const OUT_OF_STEP = new Set([
  'INVALID_TXN_STATE',
  'INVALID_PRODUCER_ID_MAPPING',
  'CONCURRENT_TRANSACTIONS',
  'OPERATION_NOT_ATTEMPTED',
  // TRANSACTION_ABORTABLE
  'Unknown error code 120',
]);

/** Whose transactions, for errors that tell of a missing right. */
export type TransactionOwner = Pick<AccessContext, 'principal' | 'transactionalId'>;

/** A failure of a session as `FencedError` or `PipelineError`. */
export function toTransactionError(
  error: unknown,
  doing: string,
  owner: TransactionOwner,
): FencedError | PipelineError {
  if (error instanceof FencedError) return error;
  const type = typeOf(error);
  if (isFencedAnswer(error)) {
    return new FencedError(`${doing}: another process has taken the transactional id over`, { cause: error });
  }
  if (type !== undefined && OUT_OF_STEP.has(type)) {
    return new PipelineError('kafka.unavailable', `${doing}: the transaction is over: ${type}`, {
      retryable: true,
      cause: error,
    });
  }
  const { refusedTopics = [] } = error as Partial<TopicsOfError>;
  const topics = refusedTopics.map((resource) => ({ operation: 'Write', resourceType: 'topic', resource }) as const);
  return toKafkaError(error, doing, { ...owner, topics });
}

function typeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { type, message } = error as { type?: string; message: string };
  return type === 'KAFKAJS_UNKNOWN_ERROR_CODE' ? message : type;
}
