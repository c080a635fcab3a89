import assert from 'node:assert/strict';
import { test } from 'node:test';
import '@astrolabe/kafka';
import { Kafka, logLevel } from 'kafkajs';
import { startLocalCluster } from './local-cluster.ts';

/** Asks for metadata at the addresses given, and then at those that the answer names. */
async function describe(kafkaBrokers: string): Promise<string[]> {
  const admin = new Kafka({
    brokers: kafkaBrokers.split(','),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2_000,
    requestTimeout: 2_000,
    retry: { initialRetryTime: 50, retries: 1 },
  }).admin();
  try {
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    return brokers.map(({ host, port }) => `${host}:${port}`);
  } finally {
    await admin.disconnect();
  }
}

test('a client is told its own proxy as the address of a broker, and its cut is nobody else’s', async (t) => {
  const cluster = await startLocalCluster({ env: process.env, brokers: 1, clients: ['reader', 'writer'] });
  t.after(() => cluster.stop());
  const [reader, writer] = [cluster.kafkaBrokersOf('reader'), cluster.kafkaBrokersOf('writer')];
  assert.equal(new Set([reader, writer, cluster.kafkaBrokers]).size, 3);
  for (const address of [reader, writer, cluster.kafkaBrokers]) assert.deepEqual(await describe(address), [address]);

  const proxy = cluster.brokers[0]?.clients.get('reader');
  proxy?.cut();
  await assert.rejects(describe(reader));
  assert.deepEqual(await describe(writer), [writer]);
  assert.deepEqual(await describe(cluster.kafkaBrokers), [cluster.kafkaBrokers]);
  proxy?.resume();
  assert.deepEqual(await describe(reader), [reader]);
  assert.throws(() => cluster.kafkaBrokersOf('stranger'), /started for no client "stranger"/);
});
