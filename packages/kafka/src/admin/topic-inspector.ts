/** Looks at topics by name: one request to one broker, over a connection that is kept. */
import { PipelineError } from '@astrolabe/service-kit/errors';
import { unlessAborted } from '@astrolabe/service-kit/retry';
import { clientOf, type KafkaConnection } from '../connection.ts';
import { toKafkaError } from '../kafka-errors.ts';
import { fetchTopicMetadata, type TopicMetadata } from '../kafkajs/protocol/describe-topics.ts';
import { abandonCluster, createCluster, type Cluster } from '../kafkajs/protocol/fetch-partition.ts';

export interface TopicInspector {
  /** Each of the names, there or not. Rejects with a `PipelineError`, `kafka.unavailable` for the most part. */
  describe(names: readonly string[]): Promise<readonly TopicMetadata[]>;
  /** Never rejects. */
  close(): Promise<void>;
}

/** A frozen broker keeps its connections and answers nothing. */
const ANSWER_TIMEOUT_MS = 10_000;

/** Connects when it is first asked. */
export function createTopicInspector(connection: KafkaConnection): TopicInspector {
  let cluster: Cluster | undefined;
  const closing = new AbortController();
  const drop = (): void => {
    if (cluster !== undefined) abandonCluster(cluster);
    cluster = undefined;
  };
  const ask = async (current: Cluster, names: readonly string[]): Promise<readonly TopicMetadata[]> => {
    await current.connect();
    const { seedBroker } = current.brokerPool;
    if (seedBroker === undefined) throw new Error('kafkajs has connected to no broker');
    return fetchTopicMetadata(seedBroker, names);
  };
  return {
    describe: async (names) => {
      closing.signal.throwIfAborted();
      cluster ??= createCluster(clientOf(connection));
      const asked = cluster;
      const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
      try {
        // Closed, it waits for nobody: kafkajs goes on trying to connect to brokers that are away.
        return await unlessAborted(ask(asked, names), AbortSignal.any([timeout, closing.signal]));
      } catch (error) {
        if (cluster === asked) drop();
        else abandonCluster(asked);
        if (closing.signal.aborted) throw closing.signal.reason;
        if (!timeout.aborted) throw toKafkaError(error, `looking at ${names.join(', ')}`);
        const message = `looking at ${names.join(', ')}: no answer within ${ANSWER_TIMEOUT_MS} ms`;
        throw new PipelineError('kafka.unavailable', message, { retryable: true, cause: error });
      }
    },
    close: async () => {
      closing.abort(new PipelineError('kafka.unavailable', 'the inspector is closed', { retryable: true }));
      drop();
    },
  };
}
