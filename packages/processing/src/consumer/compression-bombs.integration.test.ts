/** Brokers bound what a batch has compressed. What it inflates to is for its readers to bound. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { createKafkaAdmin, createPartitionReader, createRecordProducer } from '@astrolabe/kafka';
import { bombBytes, connect, createTopic, produceBomb, silentLogger, type BombCodec } from '@astrolabe/kafka/testing';
import type { PipelineError } from '@astrolabe/service-kit/errors';
import { startGroupConsumer } from './group-consumer.ts';
import { createPromisedProcessor } from '../testing/promised-handler.ts';

const CODECS = Object.keys(bombBytes) as BombCodec[];
const MEBIBYTE = 1_048_576;
/** What is read of a batch is 16 MiB; inflated in full it would be many times as much. */
const MAX_GROWTH_BYTES = 150_000_000;

/** Runs the work and gives the most that external memory, where inflated bytes are, had grown by. */
async function externalGrowth(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage().external;
  let peak = before;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().external);
  }, 5);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return peak - before;
}

async function produceText(topic: string, text: string): Promise<void> {
  const producer = await createRecordProducer({ connection: connect(), logger: silentLogger });
  await producer.send(topic, [{ key: null, value: Buffer.from(text), headers: {}, partition: 0 }]);
  await producer.close();
}

/** Reads as a group until `values` are as many as wanted or the consumer gives up. */
async function consume(
  topic: string,
  groupId: string,
  wanted: number,
): Promise<{ readonly sizes: readonly number[]; readonly fault: PipelineError | undefined }> {
  const sizes: number[] = [];
  const { promise, resolve } = Promise.withResolvers<PipelineError | undefined>();
  const consumer = await startGroupConsumer({
    connection: connect(),
    groupId,
    topic,
    logger: silentLogger,
    onFault: resolve,
    createProcessor: (session) =>
      createPromisedProcessor({
        session,
        laneOf: () => '',
        handle: async ({ value }) => {
          sizes.push(value?.length ?? 0);
          if (sizes.length === wanted) resolve(undefined);
        },
        maxRecords: 10,
        maxBytes: 8 * MEBIBYTE,
      }),
  });
  const fault = await promise;
  await consumer.close(5_000);
  return { sizes, fault };
}

for (const codec of CODECS) {
  test(`a batch that inflates by ${codec} past the limit stops its readers, uncommitted and within bounds, with its code and offsets`, async (t) => {
    const topic = await createTopic(t);
    const groupId = randomUUID();
    await produceText(topic, 'before');
    await produceBomb(connect(), topic, 0, codec, bombBytes[codec]);
    await produceText(topic, 'behind');
    const said = new RegExp(`${topic}\\[0\\] with offsets 1 to 1 cannot be inflated`);
    const growth = await externalGrowth(async () => {
      for (const attempt of ['first', 'second']) {
        const { sizes, fault } = await consume(topic, groupId, 2);
        // What is before it may come again, what is behind it never comes.
        if (attempt === 'first' || sizes.length > 0) assert.deepEqual(sizes, [6], `at the ${attempt} attempt`);
        assert.deepEqual([fault?.code, fault?.retryable], ['kafka.batch-unreadable', false]);
        assert.match(fault?.message ?? '', said);
      }
      const reader = createPartitionReader({ connection: connect() });
      await assert.rejects(reader.read({ topic, partition: 0, onRecords: () => undefined }), (error) => {
        assert.equal((error as PipelineError).code, 'kafka.batch-unreadable');
        assert.match((error as PipelineError).message, said);
        return true;
      });
      await reader.close();
    });
    t.diagnostic(`external memory grew by ${Math.round(growth / 1e6)} MB at most`);
    assert.ok(growth < MAX_GROWTH_BYTES, `external memory grew by ${growth} bytes`);
    const admin = await createKafkaAdmin(connect());
    assert.ok(((await admin.commits(groupId, topic)).get(0)?.nextOffset ?? 0n) <= 1n, 'it is committed');
    await admin.close();
  });
}

test('very many batches that each inflate to less than the limit are read like any others, within bounds', async (t) => {
  const topic = await createTopic(t);
  const count = 60;
  const valueBytes = 8 * MEBIBYTE;
  // A fetch of 1 MiB holds all of them: 480 MiB inflated.
  for (let index = 0; index < count; index += 1) await produceBomb(connect(), topic, 0, 'zstd', valueBytes);
  const expected = Array.from({ length: count }, () => valueBytes);
  const growth = await externalGrowth(async () => {
    const { sizes, fault } = await consume(topic, randomUUID(), count);
    assert.equal(fault, undefined);
    assert.deepEqual(sizes, expected);
    const reader = createPartitionReader({ connection: connect() });
    const read: number[] = [];
    const onRecords = (records: readonly { readonly value: Buffer | null }[]): void => {
      read.push(...records.map(({ value }) => value?.length ?? 0));
    };
    await reader.read({ topic, partition: 0, onRecords });
    await reader.close();
    assert.deepEqual(read, expected);
  });
  t.diagnostic(`external memory grew by ${Math.round(growth / 1e6)} MB at most`);
  assert.ok(growth < MAX_GROWTH_BYTES, `external memory grew by ${growth} bytes`);
});
