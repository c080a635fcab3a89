/** Looks again and again whether an input topic is the one that reading began with, and may be read. */
import { createTopicInspector, type KafkaConnection, type TopicInspector } from '@astrolabe/kafka';
import { topicFault } from '@astrolabe/kafka/internal';
import { isRecreated, resetRemedy, topicRecreated, type TopicId } from '@astrolabe/records';
import { PipelineError } from '@astrolabe/service-kit/errors';

export interface TopicGuardOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  /** That reads the topic. */
  readonly groupId: string;
  /** Default: the system's, in milliseconds. Never set back. */
  readonly nowMs?: () => number;
  /** Default: one of its own on the connection. Closed with the guard. */
  readonly inspector?: TopicInspector;
}

export interface TopicGuard {
  readonly topicId: TopicId;
  /**
   * Resolves when the topic is still the same, and readable. Rejects with `kafka.topic-recreated` (final) once that is
   * certain; with `kafka.unauthorized`, `kafka.topic-missing` or `kafka.unavailable` (retryable) where it is not known:
   * nothing may be committed then.
   */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** A broker that is behind may name the id of the topic before for a moment. */
const CONFIRMED_AFTER_MS = 1_000;

/** Rejects as `check` does. */
export async function openTopicGuard(options: TopicGuardOptions): Promise<TopicGuard> {
  const { connection, topic, groupId, nowMs = () => performance.now() } = options;
  const inspector = options.inspector ?? createTopicInspector(connection);
  const currentId = async (): Promise<TopicId> => {
    const found = await inspector.describe([topic]);
    const fault = topicFault([{ name: topic, operations: ['Read'] }], found, connection.principal);
    if (fault !== undefined) throw fault;
    return found.find(({ name }) => name === topic)?.topicId;
  };
  let topicId: TopicId;
  try {
    topicId = await currentId();
  } catch (error) {
    await inspector.close();
    throw error;
  }
  let differsSinceMs: number | undefined;
  return {
    topicId,
    check: async () => {
      const now = await currentId();
      if (topicId === undefined || now === undefined || !isRecreated(topicId, now)) {
        differsSinceMs = undefined;
        return;
      }
      differsSinceMs ??= nowMs();
      if (nowMs() - differsSinceMs < CONFIRMED_AFTER_MS) {
        const message = `${topic} has another id than before; whether it was created again is looked at once more`;
        throw new PipelineError('kafka.unavailable', message, { retryable: true });
      }
      const remedy = resetRemedy(groupId, topic);
      throw topicRecreated({ topic, storedId: topicId, currentId: now, whose: `what ${groupId} has read`, remedy });
    },
    close: () => inspector.close(),
  };
}
