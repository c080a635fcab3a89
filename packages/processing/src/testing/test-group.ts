/** Groups, members and records on the broker, for tests of the group consumer. */
import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKafkaAdmin, createRecordProducer, type KafkaAdmin, type KafkaConnection } from '@astrolabe/kafka';
import { connect, silentLogger } from '@astrolabe/kafka/testing';
import type { ConsumedRecord } from '@astrolabe/records';
import type { PipelineError } from '@astrolabe/service-kit/errors';
import { startGroupConsumer } from '../consumer/group-consumer.ts';
import type { GroupConsumer, GroupConsumerOptions } from '../consumer/group-consumer-options.ts';
import type { PartitionSession } from '../consumer/partition-processor.ts';
import { createPromisedProcessor } from './promised-handler.ts';

export type Handle = (record: ConsumedRecord, signal: AbortSignal) => Promise<void>;

export async function produce(topic: string, values: readonly string[], partition?: number): Promise<void> {
  const producer = await createRecordProducer({ connection: connect(), logger: silentLogger });
  const placed = partition === undefined ? {} : { partition };
  await producer.send(
    topic,
    values.map((value) => ({ key: Buffer.from(value), value: Buffer.from(value), headers: {}, ...placed })),
  );
  await producer.close();
}

export interface TestGroup {
  readonly groupId: string;
  readonly admin: KafkaAdmin;
  readonly faults: PipelineError[];
  /** Resolves with the first fault. */
  readonly faulted: Promise<PipelineError>;
  join(handle: Handle, options?: Partial<GroupConsumerOptions>): Promise<GroupConsumer>;
  committed(partition?: number): Promise<bigint | undefined>;
  untilCommitted(offset: bigint, partition?: number): Promise<void>;
}

/** On the broker that the runner provides, unless the test has its own. */
export async function createGroup(
  t: TestContext,
  topic: string,
  connectTo: () => KafkaConnection = connect,
): Promise<TestGroup> {
  const groupId = randomUUID();
  const admin = await createKafkaAdmin(connectTo());
  const faults: PipelineError[] = [];
  const faulted = Promise.withResolvers<PipelineError>();
  t.after(() => admin.close());
  const committed = async (partition = 0) => (await admin.commits(groupId, topic)).get(partition)?.nextOffset;
  return {
    groupId,
    admin,
    faults,
    faulted: faulted.promise,
    join: async (handle, options = {}) => {
      const consumer = await startGroupConsumer({
        connection: connectTo(),
        groupId,
        topic,
        logger: silentLogger,
        onFault: (fault) => {
          faults.push(fault);
          faulted.resolve(fault);
        },
        commitIntervalMs: 20,
        createProcessor: lanes(handle),
        ...options,
      });
      t.after(() => consumer.close(0));
      return consumer;
    },
    committed,
    untilCommitted: async (offset, partition = 0) => {
      while ((await committed(partition)) !== offset) await sleep(20);
    },
  };
}

export const lanes =
  (handle: Handle, maxRecords = 1_000) =>
  (session: PartitionSession) =>
    createPromisedProcessor({ session, laneOf: ({ key }) => String(key), handle, maxRecords, maxBytes: 10_000_000 });

export const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));
export const done: Handle = () => Promise.resolve();
