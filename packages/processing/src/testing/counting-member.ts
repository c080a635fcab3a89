/** A member of a consumer group that counts the records of each key, with its state on a broker. */
import assert from 'node:assert/strict';
import { silentLogger } from '@astrolabe/kafka/testing';
import type { KafkaConnection } from '@astrolabe/kafka';
import type { ChangelogStore } from '@astrolabe/records';
import { openChangelogStore } from '../changelog/kafka-changelog-store.ts';
import { startGroupConsumer } from '../consumer/group-consumer.ts';
import type { GroupConsumerOptions } from '../consumer/group-consumer-options.ts';
import type { GroupSession } from '../consumer/partition-processor.ts';
import { createStateProcessor } from '../state/state-processor.ts';
import type { StateProcessorOptions } from '../state/state-processor-options.ts';
import type { Restored } from '../state/state-restore.ts';
import { countByKey, countCodec } from './counting.ts';

export interface CountingTopics {
  readonly groupId: string;
  readonly input: string;
  readonly output: string;
  readonly changelogTopic: string;
}

export interface CountingMemberOptions extends CountingTopics {
  /** Called for each client: kafkajs shares what it knows of a group's offsets among the consumers of one. */
  readonly connect: () => KafkaConnection;
  /** Default: the test fails. */
  readonly onFault?: GroupConsumerOptions['onFault'];
  /** What differs from the ordinary processor. */
  readonly processor?: (session: GroupSession) => Partial<StateProcessorOptions<number, readonly bigint[]>>;
}

export interface CountingMember {
  readonly changelog: ChangelogStore;
  readonly restored: readonly Restored[];
  /** Offsets of the records that were reported as stored. */
  readonly stored: readonly bigint[];
  /** Without deadline the member drops what it has in hand. */
  leave(deadlineMs: number): Promise<void>;
}

export async function startCountingMember(options: CountingMemberOptions): Promise<CountingMember> {
  const {
    connect,
    groupId,
    input,
    output,
    changelogTopic,
    onFault = (fault) => assert.fail(fault),
    processor,
  } = options;
  const changelog = await openChangelogStore({
    connection: connect(),
    groupId,
    changelogTopic,
    guarantee: 'exactly-once',
    logger: silentLogger,
  });
  const restored: Restored[] = [];
  const stored: bigint[] = [];
  const consumer = await startGroupConsumer({
    connection: connect(),
    groupId,
    topic: input,
    logger: silentLogger,
    onFault,
    commitIntervalMs: 20,
    createProcessor: (session) =>
      createStateProcessor({
        session,
        changelog,
        codec: countCodec,
        transform: countByKey(output),
        onStored: (offsets) => void stored.push(...offsets),
        onRestored: (each) => void restored.push(each),
        logger: silentLogger,
        maxBatchRecords: 50,
        maxBatchBytes: 1_000_000,
        maxBufferedRecords: 1_000,
        maxBufferedBytes: 10_000_000,
        quietMs: 20,
        retryMaxMs: 200,
        ...processor?.(session),
      }),
  });
  return {
    changelog,
    restored,
    stored,
    leave: async (deadlineMs) => {
      await consumer.close(deadlineMs);
      await changelog.close();
    },
  };
}
