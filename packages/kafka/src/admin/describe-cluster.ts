/** A cluster and its topics as an operator looks at them. */
import { clientOf, type KafkaConnection } from '../connection.ts';
import { toKafkaError } from '../kafka-errors.ts';
import { ConfigResourceTypes } from '../kafkajs/index.ts';
import { findPresentTopics } from './present-topics.ts';

export interface ClusterDescription {
  readonly clusterId: string;
  /** Undefined where none is elected. */
  readonly controllerId: number | undefined;
  readonly brokers: readonly { readonly id: number; readonly host: string; readonly port: number }[];
  /** Topics that were asked for and are there. */
  readonly topics: readonly TopicDescription[];
}

export interface TopicDescription {
  readonly name: string;
  readonly partitions: readonly {
    readonly partition: number;
    /** Undefined where there is none. */
    readonly leader: number | undefined;
    readonly replicas: number;
    readonly inSyncReplicas: number;
  }[];
  /** All settings in effect, the brokers' defaults included. */
  readonly config: Readonly<Record<string, string | undefined>>;
}

/**
 * Rejects with `kafka.unavailable` when no broker can be reached, `kafka.unauthorized` without the right to describe.
 */
export async function describeCluster(
  connection: KafkaConnection,
  topics: readonly string[],
): Promise<ClusterDescription> {
  const admin = clientOf(connection).admin();
  try {
    await admin.connect();
    const { brokers, controller, clusterId } = await admin.describeCluster();
    const present = await findPresentTopics(connection, topics, ['DescribeConfigs']);
    const names = topics.filter((name) => present.has(name));
    const described = names.length === 0 ? { topics: [] } : await admin.fetchTopicMetadata({ topics: names });
    const { resources } =
      names.length === 0
        ? { resources: [] }
        : await admin.describeConfigs({
            includeSynonyms: false,
            resources: names.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
          });
    return {
      clusterId,
      controllerId: controller === null || controller < 0 ? undefined : controller,
      brokers: brokers.map(({ nodeId, host, port }) => ({ id: nodeId, host, port })),
      topics: described.topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions
          .map(({ partitionId, leader, replicas, isr }) => ({
            partition: partitionId,
            leader: leader < 0 ? undefined : leader,
            replicas: replicas.length,
            inSyncReplicas: isr.length,
          }))
          .sort((a, b) => a.partition - b.partition),
        config: Object.fromEntries(
          (resources.find(({ resourceName }) => resourceName === name)?.configEntries ?? []).map(
            ({ configName, configValue }) => [configName, configValue],
          ),
        ),
      })),
    };
  } catch (error) {
    throw toKafkaError(error, 'describing the cluster');
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
