import assert from 'node:assert/strict';
import Module from 'node:module';
import { test } from 'node:test';
import { loadOriginal, loadPatched } from '../../testing/original-kafkajs.ts';

const silent = () => undefined;
const logger = { debug: silent, info: silent, warn: silent, error: silent };

interface TopicData {
  readonly partitions: readonly { readonly partition: number; readonly messages: readonly { value: string }[] }[];
}
type Produce = (request: { readonly topicData: readonly TopicData[] }) => Promise<object>;
type Send = (request: object) => Promise<readonly { readonly partition: number }[]>;

/** Partitions and their leaders, whom the partitions leave in what a broker does. */
class TestCluster {
  readonly leaders = new Map<number, number>();
  /** By partition, the records that were stored. */
  readonly stored = new Map<number, string[]>();
  readonly #brokers = new Map<number, { readonly nodeId: number; readonly produce: Produce }>();
  readonly #sequences = new Map<number, number>();
  readonly #locks = new Map<number, Promise<void>>();
  readonly #unlocks = new Map<number, () => void>();

  broker(nodeId: number, produce: Produce = this.store): void {
    this.#brokers.set(nodeId, { nodeId, produce });
  }

  readonly store: Produce = async ({ topicData }) => {
    const partitions = topicData[0]?.partitions ?? [];
    for (const { partition, messages } of partitions) {
      this.stored.set(partition, [...(this.stored.get(partition) ?? []), ...messages.map(({ value }) => value)]);
    }
    return { topics: [{ topicName: 't', partitions: partitions.map(({ partition }) => ({ partition })) }] };
  };

  /** Sends a record to each of the partitions. */
  send(load: typeof loadPatched): ReturnType<Send> {
    return this.producer(load)();
  }

  /** Each call sends a record to each of the partitions. */
  producer(load: typeof loadPatched): () => ReturnType<Send> {
    const partitions = [...this.leaders.keys()];
    const send = load<(options: object) => Send>('producer/sendMessages')({
      logger,
      partitioner: ({ message }: { message: { partition: number } }) => message.partition,
      cluster: {
        addMultipleTargetTopics: silent,
        refreshMetadataIfNecessary: silent,
        refreshMetadata: silent,
        removeBroker: silent,
        isConnected: () => true,
        findTopicPartitionMetadata: () => partitions.map((partitionId) => ({ partitionId })),
        findLeaderForPartitions: (_topic: string, asked: readonly string[]) =>
          Object.groupBy(asked.map(Number), (partition) => this.leaders.get(partition) ?? -1),
        findBroker: ({ nodeId }: { nodeId: string }) => this.#brokers.get(Number(nodeId)),
      },
      eosManager: {
        acquireBrokerLock: async ({ nodeId }: { nodeId: number }) => {
          await this.#locks.get(nodeId);
          const { promise, resolve } = Promise.withResolvers<void>();
          this.#locks.set(nodeId, promise);
          this.#unlocks.set(nodeId, resolve);
        },
        releaseBrokerLock: ({ nodeId }: { nodeId: number }) => this.#unlocks.get(nodeId)?.(),
        isTransactional: () => false,
        getSequence: (_topic: string, partition: number) => this.#sequences.get(partition) ?? 0,
        updateSequence: (_topic: string, partition: number, by: number) =>
          this.#sequences.set(partition, (this.#sequences.get(partition) ?? 0) + by),
        getProducerId: () => 0,
        getProducerEpoch: () => 0,
      },
      retrier: async (attempt: (bail: (error: unknown) => void) => Promise<unknown>) => {
        for (;;) {
          try {
            return await attempt((error) => assert.fail(error as Error));
          } catch {
            // The next attempt.
          }
        }
      },
    });
    const messages = partitions.map((partition) => ({ partition, value: `record of ${partition}` }));
    return () => send({ acks: -1, topicMessages: [{ topic: 't', messages }] });
  }

  storedOnce(): boolean {
    return [...this.leaders.keys()].every((partition) => this.stored.get(partition)?.length === 1);
  }
}

const closed = Object.assign(new Error('closed'), { name: 'KafkaJSConnectionClosedError', retriable: true });
const partitionsOf = (acknowledged: readonly { readonly partition: number }[]) =>
  acknowledged.map(({ partition }) => partition).toSorted();

/** Resolves once all that could happen without a timer has. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

function clusterOfTwo(): TestCluster {
  const cluster = new TestCluster();
  cluster.leaders.set(0, 1).set(1, 2);
  return cluster;
}

test('records whose partition moves to a broker that has answered are sent to it; the original leaves them out', async () => {
  const sendWith = async (load: typeof loadPatched) => {
    const cluster = clusterOfTwo();
    cluster.broker(1);
    cluster.broker(2, async () => {
      await turn();
      cluster.leaders.set(1, 1);
      throw closed;
    });
    return { acknowledged: partitionsOf(await cluster.send(load)), cluster };
  };
  const { acknowledged, cluster } = await sendWith(loadPatched);
  assert.deepEqual([acknowledged, cluster.storedOnce()], [[0, 1], true]);
  const original = await sendWith(loadOriginal);
  assert.deepEqual([original.acknowledged, original.cluster.stored.get(1)], [[0], undefined]);
});

test('records that are acknowledged are not sent again when their partition moves; the original stores them twice', async () => {
  const sendWith = async (load: typeof loadPatched) => {
    const cluster = clusterOfTwo();
    cluster.broker(1);
    cluster.broker(2, async () => {
      await turn();
      cluster.leaders.set(0, 3).set(1, 3);
      throw closed;
    });
    cluster.broker(3);
    await cluster.send(load);
    return cluster;
  };
  assert.equal((await sendWith(loadPatched)).storedOnce(), true);
  assert.equal((await sendWith(loadOriginal)).stored.get(0)?.length, 2);
});

test('a request that is still under way when another fails is waited for; the original sends it a second time', async () => {
  const sendWith = async (load: typeof loadPatched) => {
    const cluster = clusterOfTwo();
    cluster.broker(1, async (request) => {
      await turn();
      await turn();
      return cluster.store(request);
    });
    cluster.broker(2, async () => {
      cluster.broker(2);
      throw closed;
    });
    await cluster.send(load);
    return cluster;
  };
  assert.equal((await sendWith(loadPatched)).storedOnce(), true);
  assert.equal((await sendWith(loadOriginal)).stored.get(0)?.length, 2);
});

test('a producer looks up the modules of kafkajs once, and not for each request', async (t) => {
  const cluster = clusterOfTwo();
  cluster.broker(1);
  cluster.broker(2);
  const { mock } = t.mock.method(Module as unknown as { _resolveFilename(name: string): string }, '_resolveFilename');
  const lookUps = () => mock.calls.filter(({ arguments: [name] }) => name.startsWith('kafkajs/')).length;
  const send = cluster.producer(loadPatched);
  const atFirst = lookUps();
  assert.ok(atFirst > 0);
  await send();
  await send();
  assert.equal(lookUps(), atFirst);
});
