import { createKafkaAdmin, type KafkaAdmin, type KafkaConnection } from '@astrolabe/kafka';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { unlessAborted } from '@astrolabe/service-kit/retry';

export interface StoreProbe {
  /**
   * Resolves when the leader of every partition of the topics has answered. Rejects with a `PipelineError` otherwise.
   * One call at a time.
   */
  probe(): Promise<void>;
  /** A connection that is being made ends in its own time: brokers that are away must not hold up a stop. */
  close(): void;
}

/** A frozen broker keeps its connections and answers nothing. */
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * Asks where the partitions end: of what needs no record and no other right than to write, that comes closest to
 * storing. What only a write shows, too few replicas for one, a request will show.
 */
export function createKafkaStoreProbe(connection: KafkaConnection, topics: readonly string[]): StoreProbe {
  let opened: Promise<KafkaAdmin> | undefined;
  const drop = async (): Promise<void> => {
    const dropped = opened;
    opened = undefined;
    await dropped?.then((admin) => admin.close()).catch(() => undefined);
  };
  const ask = async (): Promise<void> => {
    const admin = await (opened ??= createKafkaAdmin(connection));
    await Promise.all(topics.map((topic) => admin.watermarks(topic)));
  };
  return {
    probe: async () => {
      const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
      try {
        await unlessAborted(ask(), timeout);
      } catch (error) {
        // A new connection for the next attempt. Closing one to a frozen broker takes as long as that does.
        void drop();
        if (!timeout.aborted) throw error;
        const message = `the brokers did not answer within ${ANSWER_TIMEOUT_MS} ms`;
        throw new PipelineError('kafka.unavailable', message, { retryable: true, cause: error });
      }
    },
    close: () => void drop(),
  };
}
