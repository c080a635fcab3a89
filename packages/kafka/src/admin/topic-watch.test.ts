import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import { createKafkaConnection } from '../connection.ts';
import { silentLogger } from '../testing/silent-logger.ts';
import { createTopicInspector } from './topic-inspector.ts';
import { watchTopics } from './topic-watch.ts';

test('a watch closes at once while a broker owes it an answer', async (t) => {
  const sockets: Socket[] = [];
  const broker = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
  });
  broker.listen(0, '127.0.0.1');
  await once(broker, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    broker.close();
  });
  const { port } = broker.address() as AddressInfo;
  const brokers = [`127.0.0.1:${port}`];
  const connection = createKafkaConnection({ brokers, clientId: 'c', logger: silentLogger });
  const inspector = createTopicInspector(connection);
  const reasons: unknown[] = [];
  const watch = watchTopics({
    connection,
    needs: [{ name: 't', operations: [] }],
    logger: silentLogger,
    intervalMs: 1,
    inspector: {
      describe: (names) =>
        inspector.describe(names).catch((error: unknown) => {
          reasons.push(error);
          throw error;
        }),
      close: () => inspector.close(),
    },
  });
  await once(broker, 'connection');

  await watch.close();

  assert.deepEqual(
    reasons.map((reason) => (reason as Error).message),
    ['the inspector is closed'],
  );
});
