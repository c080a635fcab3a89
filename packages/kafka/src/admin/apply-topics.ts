/** Topics as a plan has them: created, given more partitions, configured. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TopicPlan } from '@astrolabe/records';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { clientOf, type KafkaConnection } from '../connection.ts';
import { ConfigResourceTypes, type Admin } from '../kafkajs/index.ts';
import { alterTopicSettings } from '../kafkajs/protocol/alter-topic-settings.ts';
import { fetchTopicMetadata } from '../kafkajs/protocol/describe-topics.ts';
import { abandonCluster, createCluster, type Broker } from '../kafkajs/protocol/fetch-partition.ts';
import { assertTopicAccess } from './present-topics.ts';
import { unauthorized, type DeniedAccess } from './topic-access.ts';

/**
 * Creates topics, adds partitions and sets configuration. Rejects with a kafkajs error, or with `kafka.unauthorized`,
 * which names the topics: before anything is changed where they are there, else after those that may be are created.
 */
export async function applyTopics(connection: KafkaConnection, admin: Admin, plan: TopicPlan): Promise<void> {
  await assertTopicAccess(connection, [
    ...plan.addPartitions.map(({ name }) => ({ name, operations: ['Alter'] }) as const),
    ...plan.configure.map(({ name }) => ({ name, operations: ['AlterConfigs'] }) as const),
  ]);
  if (plan.create.length > 0) {
    await createTopics(connection, admin, plan.create);
    await untilServed(admin, plan.create);
  }
  if (plan.addPartitions.length > 0) {
    await admin.createPartitions({
      topicPartitions: plan.addPartitions.map(({ name, to }) => ({ topic: name, count: to })),
    });
    await untilServed(
      admin,
      plan.addPartitions.map(({ name, to }) => ({ name, partitions: to })),
    );
  }
  await changeSettings(connection, plan);
}

/**
 * Sets what differs, and waits until every broker has all of the plan: the controller answers a change before they know
 * of it, and the next look at the topics may ask any of them.
 */
async function changeSettings(connection: KafkaConnection, plan: TopicPlan): Promise<void> {
  const changed = plan.configure.map(({ name, changes }) => ({
    name,
    settings: Object.fromEntries(changes.map(({ setting, to }) => [setting, to])),
  }));
  const expected = [
    ...plan.create.map(({ name, partitions }) => ({ name, partitions, settings: {} })),
    ...plan.addPartitions.map(({ name, to }) => ({ name, partitions: to, settings: {} })),
    ...changed.map((topic) => ({ ...topic, partitions: 1 })),
  ];
  if (expected.length === 0) return;
  const cluster = createCluster(clientOf(connection));
  try {
    await cluster.connect();
    await cluster.refreshMetadata();
    if (changed.length > 0) await alterTopicSettings(await cluster.findControllerBroker(), changed);
    for (const nodeId of Object.keys(cluster.brokerPool.brokers)) {
      const broker = await cluster.findBroker({ nodeId });
      await until(() => hasTopics(broker, expected), expected);
    }
  } finally {
    abandonCluster(cluster);
  }
}

async function hasTopics(broker: Broker, expected: readonly ExpectedTopic[]): Promise<boolean> {
  const names = expected.map(({ name }) => name);
  const found = new Map((await fetchTopicMetadata(broker, names)).map((topic) => [topic.name, topic]));
  if (expected.some(({ name, partitions }) => (found.get(name)?.partitions ?? 0) < partitions)) return false;
  for (const { name, settings } of expected) {
    const wanted = Object.entries(settings);
    if (wanted.length === 0) continue;
    const resource = { type: ConfigResourceTypes.TOPIC, name, configNames: wanted.map(([setting]) => setting) };
    const { resources } = await broker.describeConfigs({ resources: [resource] });
    const entries = resources[0]?.configEntries ?? [];
    const has = ([setting, value]: readonly [string, string]): boolean =>
      entries.some(({ configName, configValue }) => configName === setting && configValue === value);
    if (!wanted.every(has)) return false;
  }
  return true;
}

async function createTopics(connection: KafkaConnection, admin: Admin, topics: TopicPlan['create']): Promise<void> {
  try {
    await admin.createTopics({
      // kafkajs's own wait takes "unknown topic", which a KRaft broker answers for a moment after the creation, for a
      // failure.
      waitForLeaders: false,
      topics: topics.map(({ name, partitions, replicationFactor, config }) => ({
        topic: name,
        numPartitions: partitions,
        replicationFactor,
        configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
      })),
    });
  } catch (error) {
    const { errors = [] } = error as {
      readonly errors?: readonly { readonly type?: string; readonly topic?: string }[];
    };
    const denied = errors.flatMap(({ type, topic }): DeniedAccess[] =>
      type === 'TOPIC_AUTHORIZATION_FAILED' && topic !== undefined
        ? [{ operation: 'Create', resourceType: 'topic', resource: topic }]
        : [],
    );
    throw denied.length === 0 ? error : unauthorized(connection.principal, denied, error);
  }
}

const SERVED_DEADLINE_MS = 15_000;
const SERVED_POLL_MS = 50;
const NOT_YET = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'NOT_LEADER_FOR_PARTITION']);

interface ServedTopic {
  readonly name: string;
  readonly partitions: number;
}

interface ExpectedTopic extends ServedTopic {
  readonly settings: Readonly<Record<string, string>>;
}

/**
 * Waits until every partition, new ones included, has a leader that knows of it: the controller names one before it
 * does.
 */
function untilServed(admin: Admin, topics: readonly ServedTopic[]): Promise<void> {
  return until(() => areServed(admin, topics), topics);
}

async function until(isDone: () => Promise<boolean>, topics: readonly { readonly name: string }[]): Promise<void> {
  const deadlineAtMs = performance.now() + SERVED_DEADLINE_MS;
  while (!(await isDone())) {
    if (performance.now() > deadlineAtMs) {
      const names = topics.map(({ name }) => name).join(', ');
      const message = `${names}: changed, but not on all brokers after ${SERVED_DEADLINE_MS} ms; look at the brokers' logs`;
      throw new PipelineError('kafka.unavailable', message, { retryable: true });
    }
    await sleep(SERVED_POLL_MS);
  }
}

async function areServed(admin: Admin, topics: readonly ServedTopic[]): Promise<boolean> {
  try {
    const metadata = await admin.fetchTopicMetadata({ topics: topics.map(({ name }) => name) });
    for (const { name, partitions } of topics) {
      const found = metadata.topics.find((topic) => topic.name === name)?.partitions ?? [];
      if (found.length < partitions || found.some(({ leader }) => leader < 0)) return false;
      await admin.fetchTopicOffsets(name);
    }
    return true;
  } catch (error) {
    const { type } = error as { type?: string };
    if (type !== undefined && NOT_YET.has(type)) return false;
    throw error;
  }
}
