/** Stores records of the audit. */
import type { OutgoingRecord } from '@astrolabe/records';
import { PipelineError, errorMessage } from '@astrolabe/service-kit/errors';
import type { Cluster } from '../cluster/cluster.ts';
import { hasTopic } from '../cluster/has-topic.ts';

/**
 * Called twice for each action: before it is done, and when it has ended. Success: all in-sync replicas have the
 * record. Failure: rejects with `audit.not-recorded`; the record may be stored all the same if the brokers did not
 * answer.
 */
export interface AuditLog {
  store(record: OutgoingRecord): Promise<void>;
  /** Never rejects. */
  close(): Promise<void>;
}

/** Rejects with `audit.not-recorded` where the topic does not exist yet, as after an upgrade. */
export async function openAuditLog(cluster: Pick<Cluster, 'topics' | 'inspector' | 'openProducer'>): Promise<AuditLog> {
  const topic = cluster.topics.audit.name;
  const producer = await recorded('Nothing was done, because it could not be recorded first: ', async () => {
    if (!(await hasTopic(cluster, topic))) throw new Error(missingTopic(topic));
    return cluster.openProducer([topic]);
  });
  return {
    store: async (record) => {
      await recorded('', () => producer.send(topic, [record]));
    },
    // After a failure the brokers may be away.
    close: () => producer.close().catch(() => undefined),
  };
}

export function missingTopic(topic: string): string {
  return `${topic} does not exist yet; create it with "astrolabe topics apply --execute"`;
}

/** `before`: of the message. */
async function recorded<Result>(before: string, store: () => Promise<Result>): Promise<Result> {
  try {
    return await store();
  } catch (error) {
    const message = `${before}${errorMessage(error)}`;
    throw new PipelineError('audit.not-recorded', message, { retryable: true, cause: error });
  }
}
