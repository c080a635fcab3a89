import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import '@astrolabe/kafka';
import { Kafka, logLevel } from 'kafkajs';
import { findFreePorts } from '../network/free-ports.ts';
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

/** Their places among a broker's ports. Without the controllers' it does not start; without the peers' it crashes. */
for (const [index, listener] of [
  [1, 'peers'],
  [2, 'controllers'],
] as const) {
  test(`a cluster whose port for ${listener} was taken in the meantime starts on other ports`, async (t) => {
    const other = createServer().listen(0, '127.0.0.1');
    t.after(() => other.close());
    await once(other, 'listening');
    const taken = (other.address() as AddressInfo).port;
    let asked = 0;
    const findPorts = async (count: number): Promise<number[]> => {
      asked += 1;
      const free = await findFreePorts(count);
      return asked === 1 ? free.with(index, taken) : free;
    };
    const cluster = await startLocalCluster({ env: process.env, brokers: 1, clients: [], findPorts });
    t.after(() => cluster.stop());
    assert.equal(asked, 2);
    assert.deepEqual(await describe(cluster.kafkaBrokers), [cluster.kafkaBrokers]);
  });
}
