/**
 * A patch of kafkajs 2.2.4: what of a send is acknowledged is remembered by partition, and an attempt is over when all
 * of its requests are.
 *
 * The original remembers which brokers have answered. A partition whose broker dies may move to one that has: each
 * retry leaves its records out, and the send succeeds without them. An acknowledged partition may move to a broker that
 * has not answered: its records are stored a second time, under later sequence numbers. And the first request that
 * fails begins the next attempt, in which one that is still under way, and then succeeds, is sent a second time too.
 */
import { createRequire } from 'node:module';
import { replaceExport, type Patch } from './patch.ts';

const require = createRequire(import.meta.url);

interface Message {
  readonly value: unknown;
}
interface TopicMessages {
  readonly topic: string;
  readonly messages: readonly Message[];
}
interface PartitionData {
  readonly partition: number;
  readonly messages: readonly Message[];
  firstSequence?: number;
}
interface TopicData {
  readonly topic: string;
  readonly partitions: readonly PartitionData[];
}
interface ProduceRequest {
  readonly acks: number;
  readonly timeout: number | undefined;
  readonly compression: number | undefined;
}
interface Broker {
  readonly nodeId: number;
  produce(request: object): Promise<unknown>;
}
interface Cluster {
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  refreshMetadata(): Promise<void>;
  findTopicPartitionMetadata(topic: string): readonly unknown[];
  findLeaderForPartitions(topic: string, partitions: readonly string[]): Readonly<Record<string, readonly number[]>>;
  findBroker(options: { readonly nodeId: string }): Promise<Broker>;
  isConnected(): boolean;
  connect(): Promise<void>;
  removeBroker(address: { readonly host: unknown; readonly port: unknown }): void;
}
interface EosManager {
  acquireBrokerLock(broker: Broker): Promise<void>;
  releaseBrokerLock(broker: Broker): Promise<void>;
  isTransactional(): boolean;
  addPartitionsToTransaction(topicData: readonly TopicData[]): Promise<void>;
  getSequence(topic: string, partition: number): number;
  updateSequence(topic: string, partition: number, increment: number): void;
  getTransactionalId(): string;
  getProducerId(): number;
  getProducerEpoch(): number;
}
interface SendOptions {
  readonly logger: { debug(message: string, extra?: object): void; error(message: string, extra?: object): void };
  readonly cluster: Cluster;
  readonly partitioner: unknown;
  readonly eosManager: EosManager;
  readonly retrier: <T>(attempt: (bail: (error: unknown) => void) => Promise<T>) => Promise<T>;
}
/** By topic, what is not acknowledged. */
type Left = Map<string, readonly Message[]>;
/** Of one partition. */
type Acknowledgement = object;
type Send = (
  request: ProduceRequest & { readonly topicMessages: readonly TopicMessages[] },
) => Promise<readonly Acknowledgement[]>;

type KafkaJsFault = Error & {
  readonly retriable?: boolean;
  readonly type?: string;
  readonly host?: unknown;
  readonly port?: unknown;
};

export function retryWhatIsNotAcknowledged(): Patch {
  return replaceExport<(options: SendOptions) => Send>('producer/sendMessages', () => (options) => {
    const parts = partsOfKafkaJs();
    return async (request) => new Sending(options, parts, request).run(request.topicMessages);
  });
}

interface PartsOfKafkaJs {
  readonly group: (grouping: object) => Readonly<Record<string, readonly Message[]>>;
  readonly serialize: (response: unknown) => object[];
  readonly staleMetadata: (error: unknown) => boolean;
  readonly MetadataNotLoaded: new (message: string) => Error;
}

/**
 * Once for each producer, by when all patches are in effect. Node resolves the name again at each `require` of a module
 * that was loaded from elsewhere, which for each request cost as much as encoding it.
 */
function partsOfKafkaJs(): PartsOfKafkaJs {
  const { staleMetadata } = require('kafkajs/src/protocol/error') as Pick<PartsOfKafkaJs, 'staleMetadata'>;
  const { KafkaJSMetadataNotLoaded: MetadataNotLoaded } = require('kafkajs/src/errors') as {
    KafkaJSMetadataNotLoaded: PartsOfKafkaJs['MetadataNotLoaded'];
  };
  return {
    group: require('kafkajs/src/producer/groupMessagesPerPartition') as PartsOfKafkaJs['group'],
    serialize: require('kafkajs/src/producer/responseSerializer') as PartsOfKafkaJs['serialize'],
    staleMetadata,
    MetadataNotLoaded,
  };
}

class Sending {
  readonly #options: SendOptions;
  readonly #parts: PartsOfKafkaJs;
  readonly #request: ProduceRequest;
  readonly #acknowledgements: Acknowledgement[] = [];

  constructor(options: SendOptions, parts: PartsOfKafkaJs, { acks, timeout, compression }: ProduceRequest) {
    this.#options = options;
    this.#parts = parts;
    this.#request = { acks, timeout, compression };
  }

  run(topicMessages: readonly TopicMessages[]): Promise<readonly Acknowledgement[]> {
    const { cluster, retrier } = this.#options;
    const left: Left = new Map(topicMessages.map(({ topic, messages }) => [topic, messages]));
    return retrier(async (bail) => {
      await cluster.addMultipleTargetTopics([...left.keys()]);
      try {
        await this.#attempt(left);
      } catch (fault) {
        await this.#recover(fault as KafkaJsFault, bail);
      }
      return this.#acknowledgements;
    });
  }

  async #attempt(left: Left): Promise<void> {
    const dataByBroker = await this.#dataByBroker(left);
    const requests = [...dataByBroker].map(async ([broker, topicData]) => {
      this.#acknowledgements.push(...(await this.#produce(broker, topicData)));
      dataByBroker.delete(broker);
    });
    const outcomes = await Promise.allSettled(requests);
    const failed = [...dataByBroker.values()].flat();
    for (const topic of left.keys()) {
      const data = failed.filter((each) => each.topic === topic).flatMap(({ partitions }) => partitions);
      left.set(
        topic,
        data.flatMap(({ messages }) => messages),
      );
    }
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  async #dataByBroker(left: Left): Promise<Map<Broker, TopicData[]>> {
    const { cluster, partitioner } = this.#options;
    await cluster.refreshMetadataIfNecessary();
    const dataByBroker = new Map<Broker, TopicData[]>();
    for (const [topic, messages] of left) {
      if (messages.length === 0) continue;
      const partitionMetadata = cluster.findTopicPartitionMetadata(topic);
      if (partitionMetadata.length === 0) throw this.#withoutMetadata(topic);
      const groups = this.#parts.group({ topic, partitionMetadata, messages, partitioner });
      const leaders = cluster.findLeaderForPartitions(topic, Object.keys(groups));
      for (const [nodeId, ofLeader] of Object.entries(leaders)) {
        const broker = await cluster.findBroker({ nodeId });
        const partitions = ofLeader.map((partition) => ({ partition, messages: groups[partition] ?? [] }));
        dataByBroker.set(broker, [...(dataByBroker.get(broker) ?? []), { topic, partitions }]);
      }
    }
    return dataByBroker;
  }

  async #produce(broker: Broker, topicData: readonly TopicData[]): Promise<readonly Acknowledgement[]> {
    const { eosManager } = this.#options;
    await eosManager.acquireBrokerLock(broker);
    try {
      const isTransactional = eosManager.isTransactional();
      if (isTransactional) await eosManager.addPartitionsToTransaction(topicData);
      for (const { topic, partitions } of topicData) {
        for (const entry of partitions) {
          entry.firstSequence = eosManager.getSequence(topic, entry.partition);
          eosManager.updateSequence(topic, entry.partition, entry.messages.length);
        }
      }
      try {
        const response = await broker.produce({
          ...this.#request,
          transactionalId: isTransactional ? eosManager.getTransactionalId() : undefined,
          producerId: eosManager.getProducerId(),
          producerEpoch: eosManager.getProducerEpoch(),
          topicData,
        });
        return this.#request.acks === 0 ? [] : this.#parts.serialize(response);
      } catch (fault) {
        for (const { topic, partitions } of topicData) {
          for (const { partition, messages } of partitions) {
            eosManager.updateSequence(topic, partition, -messages.length);
          }
        }
        throw fault;
      }
    } finally {
      await eosManager.releaseBrokerLock(broker);
    }
  }

  #withoutMetadata(topic: string): Error {
    this.#options.logger.debug('Producing to topic without metadata', { topic });
    return new this.#parts.MetadataNotLoaded('Producing to topic without metadata');
  }

  /** As the original. Throws for another attempt, or gives up. */
  async #recover(fault: KafkaJsFault, bail: (error: unknown) => void): Promise<void> {
    const { cluster, logger } = this.#options;
    if (fault.name === 'KafkaJSConnectionClosedError') cluster.removeBroker({ host: fault.host, port: fault.port });
    if (!cluster.isConnected()) {
      logger.debug(`Cluster has disconnected, reconnecting: ${fault.message}`);
      await cluster.connect();
      await cluster.refreshMetadata();
      throw fault;
    }
    const isProtocolFault = fault.name === 'KafkaJSProtocolError' && fault.retriable === true;
    if (this.#parts.staleMetadata(fault) || PASSING.has(fault.name) || isProtocolFault) {
      logger.error(`Failed to send messages: ${fault.message}`);
      await cluster.refreshMetadata();
      throw fault;
    }
    logger.error(fault.message);
    if (fault.retriable === true) throw fault;
    bail(fault);
  }
}

const PASSING: ReadonlySet<string> = new Set([
  'KafkaJSMetadataNotLoaded',
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
]);
