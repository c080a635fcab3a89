/** Looks again and again whether a service's topics are there and may be used, for its readiness. */
import { setTimeout as sleep } from 'node:timers/promises';
import { FaultLog, type Logger } from '@astrolabe/service-kit';
import { isPipelineError, type ErrorCode } from '@astrolabe/service-kit/errors';
import type { KafkaConnection } from '../connection.ts';
import { topicFault, type TopicNeed } from './topic-access.ts';
import { createTopicInspector, type TopicInspector } from './topic-inspector.ts';

export interface TopicWatchOptions {
  readonly connection: KafkaConnection;
  readonly needs: readonly TopicNeed[];
  readonly logger: Logger;
  /** Default 5,000. */
  readonly intervalMs?: number;
  /** Default: one of its own on the connection. Closed with the watch. */
  readonly inspector?: TopicInspector;
}

export interface TopicWatch {
  /**
   * Which topic is missing or which right, or that the brokers refuse the login or a certificate; undefined where all
   * is well, as it was last seen. Brokers that are away say none of these.
   */
  trouble(): string | undefined;
  /** How many partitions a topic has, as it was last seen; undefined before the first look. */
  partitions(topic: string): number | undefined;
  /** Never rejects. */
  close(): Promise<void>;
}

const DEFAULT_INTERVAL_MS = 5_000;

/** Open connections may still work, and none can be made: somebody has to act before they end. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set(['kafka.unauthenticated', 'kafka.certificate-refused']);

/** The first look is one interval away. */
export function watchTopics(options: TopicWatchOptions): TopicWatch {
  const { connection, needs, logger, intervalMs = DEFAULT_INTERVAL_MS } = options;
  const inspector = options.inspector ?? createTopicInspector(connection);
  const faults = new FaultLog(logger);
  const closing = new AbortController();
  const names = needs.map(({ name }) => name);
  let trouble: string | undefined;
  const partitions = new Map<string, number>();

  const look = async (): Promise<void> => {
    try {
      const found = await inspector.describe(names);
      // Of a topic that is not there, or not to be seen, a broker names none.
      for (const topic of found) if (topic.partitions > 0) partitions.set(topic.name, topic.partitions);
      const fault = topicFault(needs, found, connection.principal);
      trouble = fault?.message;
      if (fault === undefined) faults.worked({ topics: names }, 'the topics can be used again');
      else faults.failed(fault, {}, 'the service cannot use its topics; it is not ready until it can');
    } catch (error) {
      if (!isPipelineError(error)) throw error;
      if (REFUSALS.has(error.code)) {
        trouble = error.message;
        faults.failed(error, {}, 'the brokers refuse this process; it is not ready until they take it again');
      } else {
        // What the service sends and reads meets the same brokers, and says so.
        logger.debug({ err: error }, 'the topics cannot be looked at');
      }
    }
  };
  const watching = (async () => {
    for (;;) {
      await sleep(intervalMs, undefined, { signal: closing.signal, ref: false });
      await look();
    }
  })().catch((error: unknown) => {
    if (!closing.signal.aborted) logger.error({ err: error }, 'the topics are not looked at any more');
  });
  return {
    trouble: () => trouble,
    partitions: (topic) => partitions.get(topic),
    close: async () => {
      closing.abort();
      await inspector.close();
      await watching;
    },
  };
}
