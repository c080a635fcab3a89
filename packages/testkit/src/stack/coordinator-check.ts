// First: it patches kafkajs, and must do so before anything loads it, in a test that imports this package first too.
import '@astrolabe/kafka';
import { Kafka, Partitioners, logLevel } from 'kafkajs';

const NAME = 'astrolabe-readiness';

export interface CoordinatorCheckOptions {
  readonly broker: string;
  /** For each request. */
  readonly timeoutMs: number;
  /** Between repetitions of a request that found the coordinator still loading. */
  readonly retryMs: number;
}

/** Rejects unless the broker answers for the cluster, for a consumer group and for a transaction. */
export async function checkCoordinators({ broker, timeoutMs, retryMs }: CoordinatorCheckOptions): Promise<void> {
  const kafka = new Kafka({
    clientId: NAME,
    brokers: [broker],
    logLevel: logLevel.NOTHING,
    connectionTimeout: timeoutMs,
    requestTimeout: timeoutMs,
    retry: { initialRetryTime: retryMs, maxRetryTime: 5 * retryMs, retries: 10 },
  });
  const admin = kafka.admin();
  const producer = kafka.producer({ transactionalId: NAME, createPartitioner: Partitioners.DefaultPartitioner });
  try {
    await Promise.all([admin.connect(), producer.connect()]);
    await admin.describeCluster();
    await Promise.all([
      admin.fetchOffsets({ groupId: NAME }),
      producer.transaction().then((transaction) => transaction.abort()),
    ]);
  } finally {
    await Promise.allSettled([admin.disconnect(), producer.disconnect()]);
  }
}
