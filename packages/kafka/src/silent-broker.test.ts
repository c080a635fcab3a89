/** A broker that accepts connections and never answers is away, as one that refuses them is: a service waits for it. */
import assert from 'node:assert/strict';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createKafkaAdmin } from './admin/admin.ts';
import { assertTopicsUsable } from './admin/assert-topics-usable.ts';
import { createKafkaConnection, type KafkaConnection } from './connection.ts';
import { describeCluster } from './admin/describe-cluster.ts';
import { createRecordProducer } from './producer/kafkajs-producer.ts';
import { silentLogger } from './testing/silent-logger.ts';

async function connectToSilence(t: TestContext): Promise<KafkaConnection> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const timeouts = { connectionTimeoutMs: 50, requestTimeoutMs: 50 };
  return createKafkaConnection({ brokers: [`127.0.0.1:${port}`], clientId: 'c', logger: silentLogger, ...timeouts });
}

const uses: Readonly<Record<string, (connection: KafkaConnection) => Promise<unknown>>> = {
  'an admin client': createKafkaAdmin,
  'a description of the cluster': (connection) => describeCluster(connection, ['t']),
  'a look at the topics': (connection) => assertTopicsUsable(connection, [{ name: 't', operations: ['Read'] }]),
  'a producer': (connection) => createRecordProducer({ connection, logger: silentLogger }),
};

for (const [name, use] of Object.entries(uses)) {
  test(`to ${name}, a broker that never answers is unavailable, and may be asked again`, async (t) => {
    const connection = await connectToSilence(t);
    await assert.rejects(use(connection), { code: 'kafka.unavailable', retryable: true });
  });
}
