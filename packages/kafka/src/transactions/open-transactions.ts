/**
 * Which transaction keeps the end of a partition from its readers: whose it is, since which offset, and how to end it.
 */
import { unlessAborted } from '@astrolabe/service-kit/retry';
import { clientOf, type KafkaConnection } from '../connection.ts';
import { toKafkaError } from '../kafka-errors.ts';
import { abandonCluster, createCluster, type Cluster } from '../kafkajs/protocol/fetch-partition.ts';
import { describeOpenProducers, listTransactionalIds } from '../kafkajs/protocol/open-transactions.ts';

/** Records of a partition from `fromOffset` on that nobody can read yet. */
export interface HeldPartition {
  readonly topic: string;
  readonly partition: number;
  /** The last stable offset. */
  readonly fromOffset: bigint;
}

export interface HoldingTransaction extends HeldPartition {
  /** Undefined where the brokers do not tell: they are older than Kafka 2.8, or forbid it. */
  readonly producerId: bigint | undefined;
  readonly transactionalId: string | undefined;
}

const ANSWER_TIMEOUT_MS = 10_000;

/** Asks the brokers once. Rejects with `kafka.unavailable`; what they do not tell is left undefined. */
export async function findHoldingTransactions(
  connection: KafkaConnection,
  partitions: readonly HeldPartition[],
): Promise<HoldingTransaction[]> {
  if (partitions.length === 0) return [];
  const cluster = createCluster(clientOf(connection));
  try {
    return await unlessAborted(find(cluster, partitions), AbortSignal.timeout(ANSWER_TIMEOUT_MS));
  } catch (error) {
    throw toKafkaError(error, 'asking for open transactions');
  } finally {
    abandonCluster(cluster);
  }
}

async function find(cluster: Cluster, partitions: readonly HeldPartition[]): Promise<HoldingTransaction[]> {
  const held = [];
  for (const partition of partitions) {
    const open = await unlessDenied(describeOpenProducers(cluster, partition), []);
    const first = open.toSorted((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1))[0];
    held.push({ ...partition, producerId: first?.producerId });
  }
  const ids = held.map(({ producerId }) => producerId).filter((id) => id !== undefined);
  const names = ids.length === 0 ? new Map<bigint, string>() : await unlessDenied(namesOf(cluster, ids), new Map());
  return held.map((each) => ({
    ...each,
    transactionalId: each.producerId === undefined ? undefined : names.get(each.producerId),
  }));
}

async function namesOf(cluster: Cluster, ids: readonly bigint[]): Promise<ReadonlyMap<bigint, string>> {
  await cluster.refreshMetadata();
  return listTransactionalIds(cluster, ids);
}

async function unlessDenied<T>(asked: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (toKafkaError(error, 'asking').code === 'kafka.unauthorized') return otherwise;
    throw error;
  }
}

/** For people: `held by a transaction since offset 7 (producer 4002, transactional id billing-1)`. */
export function describeHold({ fromOffset, producerId, transactionalId }: HoldingTransaction): string {
  const id = transactionalId === undefined ? '' : `, transactional id ${transactionalId}`;
  const whose = producerId === undefined ? '' : ` (producer ${producerId}${id})`;
  return `held by a transaction since offset ${fromOffset}${whose}`;
}

/** What ends the transaction, where its producer does not. */
export function abortLine({ topic, partition, fromOffset }: HeldPartition): string {
  return `kafka-transactions.sh --bootstrap-server BROKER abort --topic ${topic} --partition ${partition} --start-offset ${fromOffset}`;
}
