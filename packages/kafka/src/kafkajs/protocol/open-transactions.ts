/**
 * Who has a transaction open on a partition: DescribeProducers of its leader and ListTransactions of every broker
 * (KIP-664, Kafka 2.8 and 3.0), which kafkajs does not have.
 * https://kafka.apache.org/protocol#The_Messages_DescribeProducers
 */
import { createErrorFromCode, leaderOf, type Cluster, type TopicPartition } from './fetch-partition.ts';
import { sendRaw, supportedVersion } from './raw-request.ts';
import { WireReader, WireWriter } from './wire.ts';

/** A producer with a transaction that is open on a partition. */
export interface OpenProducer {
  readonly producerId: bigint;
  /** Offset of its first record on the partition. */
  readonly firstOffset: bigint;
  /** Of its last record on the partition, as the producer or the broker set it. */
  readonly lastWriteAtMs: number;
}

const DESCRIBE_PRODUCERS = 61;
const LIST_TRANSACTIONS = 66;
const NO_TRANSACTION = -1n;

/** Empty where the broker does not know the request. Rejects with a kafkajs error. */
export async function describeOpenProducers(cluster: Cluster, source: TopicPartition): Promise<OpenProducer[]> {
  const broker = await leaderOf(cluster, source);
  if (supportedVersion(broker, DESCRIBE_PRODUCERS, [0]) === undefined) return [];
  const body = new WireWriter(true);
  body.array([source], ({ topic, partition }) => {
    body.text(topic);
    body.array([partition], (number) => body.int32(number));
    body.tags();
  });
  const request = { apiKey: DESCRIBE_PRODUCERS, apiName: 'DescribeProducers', apiVersion: 0 };
  return parseProducers(await sendRaw(broker, { ...request, body: body.tags().bytes() }));
}

export function parseProducers(answer: Buffer): OpenProducer[] {
  const at = new WireReader(answer, true);
  const open: OpenProducer[] = [];
  at.int32(); // throttled
  at.array(() => {
    at.text(); // topic
    at.array(() => {
      at.int32(); // partition
      const errorCode = at.int16();
      at.text(); // message
      if (errorCode !== 0) throw createErrorFromCode(errorCode);
      at.array(() => {
        const producerId = at.int64();
        at.int32(); // epoch
        at.int32(); // last sequence
        const lastWriteAtMs = Number(at.int64());
        at.int32(); // epoch of the coordinator
        const firstOffset = at.int64();
        at.tags();
        if (firstOffset !== NO_TRANSACTION) open.push({ producerId, firstOffset, lastWriteAtMs });
      });
      at.tags();
    });
    at.tags();
  });
  return open;
}

/** Transactional ids by producer id, of those that this user may describe. Rejects with a kafkajs error. */
export async function listTransactionalIds(
  cluster: Cluster,
  producerIds: readonly bigint[],
): Promise<ReadonlyMap<bigint, string>> {
  const body = new WireWriter(true);
  body.array([], () => undefined).array(producerIds, (id) => body.int64(id));
  body.tags();
  const found = new Map<bigint, string>();
  for (const nodeId of Object.keys(cluster.brokerPool.brokers)) {
    const broker = await cluster.findBroker({ nodeId });
    if (supportedVersion(broker, LIST_TRANSACTIONS, [0]) === undefined) continue;
    const request = { apiKey: LIST_TRANSACTIONS, apiName: 'ListTransactions', apiVersion: 0, body: body.bytes() };
    for (const [producerId, id] of parseTransactions(await sendRaw(broker, request))) found.set(producerId, id);
  }
  return found;
}

export function parseTransactions(answer: Buffer): ReadonlyMap<bigint, string> {
  const at = new WireReader(answer, true);
  at.int32(); // throttled
  const errorCode = at.int16();
  if (errorCode !== 0) throw createErrorFromCode(errorCode);
  at.array(() => at.text()); // states that the broker does not know
  return new Map(
    at.array((): [bigint, string] => {
      const transactionalId = at.text() ?? '';
      const producerId = at.int64();
      at.text(); // state
      at.tags();
      return [producerId, transactionalId];
    }),
  );
}
