/**
 * What becomes of a stateful processor when the broker goes away in the middle of its transactions: a broker of its own
 * to kill and freeze.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKafkaAdmin, createRecordProducer, readTopic } from '@astrolabe/kafka';
import { silentLogger, startOwnBroker, topicDefinition, type OwnBroker } from '@astrolabe/kafka/testing';
import type { ConsumedRecord } from '@astrolabe/records';
import type { BrokerControl } from '@astrolabe/testkit';
import { countedOnce, stateOf } from '../testing/counting.ts';
import { startCountingMember } from '../testing/counting-member.ts';

let own: OwnBroker;
let broker: BrokerControl;

before(async () => {
  own = await startOwnBroker();
  broker = own.control;
});

after(() => own.stop());

const connectOwn = () => own.connect();

async function readAllOf(topic: string): Promise<ConsumedRecord[]> {
  const records: ConsumedRecord[] = [];
  await readTopic({ connection: connectOwn(), topic }, (record) => records.push(record));
  return records.sort((a, b) => Number(a.offset - b.offset));
}

test('a broker that is stopped, killed and frozen is waited for, and each record is counted once', async () => {
  const id = randomUUID();
  const [input, output, changelogTopic, groupId] = [`in-${id}`, `out-${id}`, `state-${id}`, `group-${id}`];
  const admin = await createKafkaAdmin(connectOwn());
  const definitions = [input, output, changelogTopic].map((name) => topicDefinition(name));
  await admin.applyTopics(await admin.planTopics(definitions, 1));
  const count = 2_000;
  const producer = await createRecordProducer({ connection: connectOwn(), logger: silentLogger });
  await producer.send(
    input,
    Array.from({ length: count }, (_, index) => ({
      key: Buffer.from(`k${index % 30}`),
      value: Buffer.from(String(index)),
      headers: {},
    })),
  );
  await producer.close();
  const faults: unknown[] = [];
  const { restored, stored, leave } = await startCountingMember({
    connect: connectOwn,
    groupId,
    input,
    output,
    changelogTopic,
    onFault: (fault) => void faults.push(fault),
    processor: () => ({
      // Small, so that there are transactions for the whole of the test.
      maxBatchRecords: 1,
      maxBufferedRecords: 10_000,
      retryMaxMs: 500,
    }),
  });
  const untilMore = async (more: number): Promise<void> => {
    const enough = Math.min(count, stored.length + more);
    while (stored.length < enough && faults.length === 0) await sleep(5);
  };
  await untilMore(50);
  await broker.stop();
  await broker.start();
  await untilMore(50);
  await broker.kill();
  await broker.start();
  await untilMore(50);
  await broker.pause();
  await sleep(1_000);
  await broker.resume();
  while ((await admin.commits(groupId, input)).get(0)?.nextOffset !== BigInt(count) && faults.length === 0)
    await sleep(50);
  await leave(5_000);
  await admin.close();
  assert.deepEqual(faults, []);
  assert.ok(restored.length >= 3, `state was restored after each loss of the broker, in all ${restored.length} times`);
  const expected = countedOnce(await readAllOf(input));
  assert.deepEqual(
    (await readAllOf(output)).map(({ value }) => String(value)),
    expected.outputs,
  );
  assert.deepEqual(stateOf(await readAllOf(changelogTopic)), expected.state);
});
